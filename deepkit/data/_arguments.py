"""Checks of the plain arguments of fit, evaluate and predict that describe data."""

import numbers
from collections.abc import Mapping
from typing import Any

from deepkit.core.errors import ArgumentError


def check_positive_int(value: Any, argument: str) -> int | None:
    """The integer, or `None` where none was given.

    Raises:
        ArgumentError: it is zero, negative, a float or a bool.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ArgumentError(
            f"Expected `{argument}` to be an integer of at least 1 or None, received {value!r}."
        )
    return int(value)


def check_validation_split(value: Any) -> float:
    """The fraction; 0 means that nothing is held out.

    Raises:
        ArgumentError: it is no number from 0 up to, but not including, 1.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 <= value < 1:
        raise ArgumentError(
            "Expected `validation_split` to be a fraction of the samples between 0 and 1, "
            f"received {value!r}."
        )
    return float(value)


def check_shuffle(value: Any) -> bool | str:
    """`True`, `False` or `"batch"`.

    Raises:
        ArgumentError: it is something else.
    """
    if value == "batch" or isinstance(value, bool):
        return value
    raise ArgumentError(f"Expected `shuffle` to be True, False or 'batch', received {value!r}.")


def check_class_weight(value: Any) -> dict[int, float] | None:
    """The weights by integer class.

    Raises:
        ArgumentError: it is no dict from integers to numbers that are not negative.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ArgumentError(
            "Expected `class_weight` to be a dict from class to weight such as {0: 1.0, 1: 5.0}, "
            f"received a {type(value).__name__}."
        )
    for label, weight in value.items():
        if isinstance(label, bool) or not isinstance(label, numbers.Integral):
            raise ArgumentError(
                f"Expected the keys of `class_weight` to be integers, received {label!r}."
            )
        if not isinstance(weight, numbers.Real) or not weight >= 0:
            raise ArgumentError(
                f"Expected the weight of class {label} in `class_weight` to be a number of at "
                f"least 0, received {weight!r}."
            )
    return {int(label): float(weight) for label, weight in value.items()}


def refuse(argument: str, value: Any, kind: str, advice: str) -> None:
    """Raise if an argument was given that this kind of data cannot take.

    Raises:
        ArgumentError: `value` is not `None`.
    """
    if value is not None:
        raise ArgumentError(
            f"Expected no `{argument}` where `x` is {kind}, received a {type(value).__name__}. "
            f"{advice}"
        )
