"""Checks of constructor arguments, each with an error that says what was expected."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError


def check_number(
    argument: str,
    value: Any,
    expected: str = "a number",
    holds: Callable[[float], bool] = lambda number: number == number,
) -> Any:
    """A Python number from a real scalar for which `holds` is true.

    Raises:
        ArgumentError: it is not.
    """
    number = value.item() if isinstance(value, np.generic) or _is_scalar_array(value) else value
    if isinstance(number, bool) or not isinstance(number, Real) or not holds(number):
        raise ArgumentError(f"Expected `{argument}` to be {expected}, received {value!r}.")
    return number


def _is_scalar_array(value: Any) -> bool:
    return getattr(value, "shape", None) == () and hasattr(value, "item")


def check_positive(argument: str, value: Any) -> Any:
    """A number above 0."""
    return check_number(argument, value, "a number above 0", lambda number: number > 0)


def check_not_negative(argument: str, value: Any) -> Any:
    """A number of at least 0."""
    return check_number(argument, value, "a number of at least 0", lambda number: number >= 0)


def check_decay_rate(argument: str, value: Any) -> Any:
    """A rate of exponential decay: 0 forgets at once, 1 (never) is excluded."""
    return check_number(
        argument, value, "a number of at least 0 and below 1", lambda number: 0 <= number < 1
    )


def check_fraction(argument: str, value: Any) -> Any:
    """A number from 0 to 1."""
    return check_number(argument, value, "a number from 0 to 1", lambda number: 0 <= number <= 1)


def check_open_fraction(argument: str, value: Any) -> Any:
    """A number above 0 and at most 1."""
    return check_number(
        argument, value, "a number above 0 and at most 1", lambda number: 0 < number <= 1
    )


def check_count(argument: str, value: Any, least: int = 1) -> int:
    """An integer of at least `least`."""
    number = value.item() if isinstance(value, np.integer) else value
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise ArgumentError(
            f"Expected `{argument}` to be an integer of at least {least}, received {value!r}."
        )
    return number


def check_optional(check: Callable[..., Any], argument: str, value: Any, *args: Any) -> Any:
    """`None` as it is, anything else through `check`."""
    return None if value is None else check(argument, value, *args)
