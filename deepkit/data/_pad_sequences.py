"""Brings sequences to one length."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError, DataError

_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Make one array of sequences by padding the short ones and cutting the long ones.

    Args:
        sequences: list of sequences, each of numbers, or of arrays of one shape.
        maxlen: the length of all; by default that of the longest.
        dtype: dtype of the result; `object` for words.
        padding: `"pre"` or `"post"`: where a short sequence is padded.
        truncating: `"pre"` or `"post"`: where a long sequence is cut.
        value: what is padded with.

    Returns:
        An array of shape `(len(sequences), maxlen, ...)`.

    Raises:
        ArgumentError: an argument has a value outside of what is allowed.
        DataError: an element is no sequence, or the elements of two have different shapes.

    Example:
        >>> import deepkit
        >>> deepkit.utils.pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for argument, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise ArgumentError(f"Expected `{argument}` to be 'pre' or 'post', received {side!r}.")
    if not hasattr(sequences, "__iter__"):
        raise DataError(f"Expected a list of sequences, received a {type(sequences).__name__}.")
    sequences = list(sequences)
    lengths = [_length(sequence, index) for index, sequence in enumerate(sequences)]
    if maxlen is None:
        maxlen = max(lengths, default=0)
    elif isinstance(maxlen, bool) or maxlen < 0:
        raise ArgumentError(f"Expected `maxlen` to be at least 0, received {maxlen!r}.")
    _check_value(value, dtype)
    inner = next((np.shape(sequence)[1:] for sequence, n in zip(sequences, lengths) if n), ())
    padded = np.full((len(lengths), maxlen, *inner), value, dtype=dtype)
    for index, sequence in enumerate(sequences):
        cut = sequence[max(lengths[index] - maxlen, 0) :] if truncating == "pre" else sequence
        kept = np.asarray(cut[:maxlen], dtype=dtype)
        if not len(kept):
            continue
        if kept.shape[1:] != inner:
            raise DataError(
                f"Expected the elements of all sequences to have the shape {inner}, received "
                f"{kept.shape[1:]} in sequence {index}."
            )
        start = maxlen - len(kept) if padding == "pre" else 0
        padded[index, start : start + len(kept)] = kept
    return padded


def _length(sequence: Any, index: int) -> int:
    try:
        return len(sequence)
    except TypeError as error:
        raise DataError(
            f"Expected a list of sequences, received a {type(sequence).__name__} at {index}."
        ) from error


def _check_value(value: Any, dtype: Any) -> None:
    if isinstance(value, str) and np.dtype(dtype).kind not in "OSU":
        raise ArgumentError(
            f"Expected a number as `value` with dtype {np.dtype(dtype)}, received a str. "
            f"Set `dtype=object` for sequences of words."
        )
