"""Shuffles and splits tables."""

import numpy as np

from deepkit.core.errors import ArgumentError

from ._types import Splits


def shuffle_and_split(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> Splits:
    """Shuffle the rows and cut off the last fraction for testing."""
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    kept = int(len(x) * (1 - test_split))
    return (x[:kept], y[:kept]), (x[kept:], y[kept:])


def check_test_split(test_split: float) -> None:
    """Raise unless it is a fraction that leaves something to train on.

    Raises:
        ArgumentError: it is not.
    """
    if not 0 <= test_split < 1:
        raise ArgumentError(
            f"Expected `test_split` to be at least 0 and below 1, received {test_split!r}."
        )
