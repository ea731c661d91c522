"""IMDB: reviews of movies as word numbers."""

import numpy as np

from ._pickled import read_object_arrays
from ._sources import fetch, fetch_json
from ._types import Splits
from ._word_ids import as_objects, drop_long, keep_frequent, shift, shuffle

_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_INDEX_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Splits:
    """Load 50,000 reviews of movies as lists of word numbers, with 1 for praise and 0 for blame.

    Words are numbered by how often they occur. A. L. Maas et al., Learning Word Vectors for
    Sentiment Analysis, ACL 2011.

    Args:
        path: name of the file in the cache.
        num_words: word numbers from here on become `oov_char`; by default those of the largest.
        skip_top: word numbers below this become `oov_char`.
        maxlen: texts of this length or more are left out.
        seed: seed of the shuffling.
        start_char: what each text starts with, or `None`.
        oov_char: what stands for a word left out; `None` leaves nothing in its place.
        index_from: what is added to all word numbers.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of 25,000 lists of integers, and labels.

    Raises:
        ArgumentError: `maxlen` leaves no text.
        DownloadError: the file is not in the cache and could not be fetched.
    """
    arrays = read_object_arrays(fetch("imdb.npz", _HASH, path))
    generator = np.random.RandomState(seed)
    parts = []
    for part in ("train", "test"):
        texts, labels = shuffle(generator, arrays[f"x_{part}"], arrays[f"y_{part}"])
        texts = shift(texts, start_char, index_from)
        if maxlen:
            texts, labels = drop_long(maxlen, texts, labels)
        parts.append((texts, labels))
    (x_train, y_train), (x_test, y_test) = parts
    texts = keep_frequent(x_train + x_test, num_words, skip_top, oov_char)
    cut = len(x_train)
    return (as_objects(texts[:cut]), np.array(y_train)), (as_objects(texts[cut:]), np.array(y_test))


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The number of each word, before `index_from` is added.

    Args:
        path: name of the file in the cache.

    Raises:
        DownloadError: the file is not in the cache and could not be fetched.
    """
    return fetch_json("imdb_word_index.json", _INDEX_HASH, path)
