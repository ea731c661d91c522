"""Prepares texts that are lists of word numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError


def shuffle(
    generator: np.random.RandomState, texts: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Texts and their labels in a new order."""
    order = np.arange(len(texts))
    generator.shuffle(order)
    return texts[order], labels[order]


def shift(texts: Iterable[Any], start_char: int | None, index_from: int) -> list[list[int]]:
    """Add an offset to all word numbers and put a start mark in front."""
    start = [] if start_char is None else [start_char]
    return [start + [word + index_from for word in text] for text in texts]


def drop_long(
    maxlen: int, texts: Sequence[list[int]], labels: np.ndarray
) -> tuple[list[list[int]], np.ndarray]:
    """Leave out texts of `maxlen` words or more.

    Raises:
        ArgumentError: no text is left.
    """
    kept = [index for index, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ArgumentError(f"Expected `maxlen` above the shortest text, received {maxlen}.")
    return [texts[index] for index in kept], labels[kept]


def keep_frequent(
    texts: Sequence[list[int]], num_words: int | None, skip_top: int, oov_char: int | None
) -> list[list[int]]:
    """Replace words outside of `[skip_top, num_words)` by a mark, or leave them out."""
    limit = num_words or max(max(text) for text in texts)
    if oov_char is None:
        return [[word for word in text if skip_top <= word < limit] for text in texts]
    return [[word if skip_top <= word < limit else oov_char for word in text] for text in texts]


def as_objects(texts: Sequence[list[int]]) -> np.ndarray:
    """An array of lists; one axis even if all texts are equally long."""
    array = np.empty(len(texts), dtype=object)
    array[:] = list(texts)
    return array
