"""Checks and makes the thresholds above which a prediction counts as positive."""

from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError

_MOST = 1_000_000


def check_thresholds(thresholds: Any) -> list[float]:
    """One threshold or several as a list.

    Raises:
        ArgumentError: there are none, or some are no numbers in [0, 1].
    """
    found = list(thresholds) if np.ndim(thresholds) else [thresholds]
    bad = [threshold for threshold in found if not _is_fraction(threshold)]
    if bad or not found:
        raise ArgumentError(
            f"Expected `thresholds` to be one number or several, all in [0, 1], "
            f"received {bad or thresholds!r}."
        )
    return [float(threshold) for threshold in found]


def check_fraction(argument: str, value: Any) -> float:
    """A number in [0, 1] as it is.

    Raises:
        ArgumentError: it is none.
    """
    if not _is_fraction(value):
        raise ArgumentError(f"Expected `{argument}` to be in the range [0, 1], received {value!r}.")
    return value


def check_number(argument: str, value: Any) -> float:
    """A number as it is.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ArgumentError(f"Expected `{argument}` to be a number, received {value!r}.")
    return value


def _is_fraction(value: Any) -> bool:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return is_number and bool(0 <= value <= 1)


def even_thresholds(count: Any, least: int) -> list[float]:
    """Evenly spaced thresholds from 0 to 1; a single one is 0.5.

    Raises:
        ArgumentError: `count` is no integer of at least `least`, or more than 1,000,000.
    """
    if isinstance(count, bool) or not hasattr(count, "__index__") or int(count) < least:
        raise ArgumentError(
            f"Expected `num_thresholds` to be an integer of at least {least}, received {count!r}."
        )
    if int(count) > _MOST:
        raise ArgumentError(
            f"Expected `num_thresholds` to be at most {_MOST:,}, received {int(count):,}."
        )
    return [0.5] if count == 1 else [step / (count - 1) for step in range(count)]
