"""Holds out the last part of arrays for validation."""

import math
from typing import Any

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, DataError

from ._arguments import check_validation_split
from ._checks import check_data
from ._conversion import is_array_like


def train_validation_split(arrays: tuple[Any, Any, Any], validation_split: float) -> Any:
    """Split `(x, y, sample_weight)` in two before any shuffling; the last samples are held out.

    Args:
        arrays: x, y and sample_weight, each an array, a structure of arrays, or `None`.
        validation_split: the fraction to hold out; of `n` samples `floor(n * (1 - split))` stay.

    Returns:
        `(x, y, sample_weight)` to train on and `(x, y, sample_weight)` to validate on.

    Raises:
        ArgumentError: the fraction lies outside of (0, 1), or `x` is a stream.
        DataError: one of the two parts would have no samples.
    """
    x, y, sample_weight = arrays
    fraction = check_validation_split(validation_split)
    if not (tree.is_nested(x) or is_array_like(x)):
        raise ArgumentError(
            f"Expected arrays to go with `validation_split`, received a {type(x).__name__}. "
            f"Pass `validation_data` instead."
        )
    parts = check_data(x, y, sample_weight)
    samples = next(leaf.shape[0] for leaf in tree.flatten(parts) if leaf is not None)
    kept = math.floor(samples * (1 - fraction))
    if kept in (0, samples):
        empty = "training" if kept == 0 else "validation"
        raise DataError(
            f"Expected `validation_split={validation_split}` to leave samples on both sides, but "
            f"of {samples} samples none would be left for {empty}."
        )

    def cut(part: slice) -> Any:
        return tree.map_structure(lambda leaf: leaf[part], parts, none_is_leaf=False)

    return cut(slice(0, kept)), cut(slice(kept, samples))
