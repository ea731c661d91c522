"""Reuters: newswires as word numbers, by topic."""

import numpy as np

from ._housing import check_test_split
from ._pickled import read_object_arrays
from ._sources import fetch, fetch_json
from ._types import Splits
from ._word_ids import as_objects, drop_long, keep_frequent, shift, shuffle

_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_INDEX_HASH = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Splits:
    """Load 11,228 newswires of 1987 as lists of word numbers, with one of 46 topics each.

    Words are numbered by how often they occur; `get_label_names` names the topics.

    Args:
        path: name of the file in the cache.
        num_words: word numbers from here on become `oov_char`; by default those of the largest.
        skip_top: word numbers below this become `oov_char`.
        maxlen: texts of this length or more are left out.
        test_split: fraction for testing.
        seed: seed of the shuffling.
        start_char: what each text starts with, or `None`.
        oov_char: what stands for a word left out; `None` leaves nothing in its place.
        index_from: what is added to all word numbers.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of integers, and labels.

    Raises:
        ArgumentError: `test_split` lies outside of [0, 1), or `maxlen` leaves no text.
        DownloadError: the file is not in the cache and could not be fetched.
    """
    check_test_split(test_split)
    arrays = read_object_arrays(fetch("reuters.npz", _HASH, path))
    texts, labels = shuffle(np.random.RandomState(seed), arrays["x"], arrays["y"])
    texts = shift(texts, start_char, index_from)
    if maxlen:
        texts, labels = drop_long(maxlen, texts, labels)
    texts = keep_frequent(texts, num_words, skip_top, oov_char)
    cut = int(len(texts) * (1 - test_split))
    train = as_objects(texts[:cut]), np.array(labels[:cut])
    return train, (as_objects(texts[cut:]), np.array(labels[cut:]))


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The number of each word, before `index_from` is added.

    Args:
        path: name of the file in the cache.

    Raises:
        DownloadError: the file is not in the cache and could not be fetched.
    """
    return fetch_json("reuters_word_index.json", _INDEX_HASH, path)


def get_label_names() -> tuple[str, ...]:
    """The names of the topics, in the order of the labels.

    Example:
        >>> import deepkit
        >>> deepkit.datasets.reuters.get_label_names()[3]
        'earn'
    """
    return tuple(_TOPICS.split())
