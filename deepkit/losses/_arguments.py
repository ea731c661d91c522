"""Checks of the plain arguments of losses, made in their constructors."""

from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError


def number(name: str, value: Any, low: float, high: float = float("inf"), ends: str = "[]") -> Any:
    """A number in the interval from `low` to `high`, as a plain Python number.

    Args:
        name: the argument's name, for the message.
        value: what was given.
        low, high: the ends of the interval.
        ends: whether each end belongs to it: `"[]"`, `"(]"`, `"[)"` or `"()"`.

    Raises:
        ArgumentError: it is no number or lies outside.
    """
    value = value.item() if isinstance(value, np.generic) else value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and low <= value <= high:
        on_open_end = (value == low and ends[0] == "(") or (value == high and ends[1] == ")")
        if not on_open_end:
            return value
    raise ArgumentError(
        f"Expected `{name}` to be a number in {ends[0]}{low}, {high}{ends[1]}, received {value!r}."
    )


def flag(name: str, value: Any) -> bool:
    """`True` or `False`, and nothing that merely counts as one of them."""
    if not isinstance(value, bool | np.bool_):
        raise ArgumentError(f"Expected `{name}` to be True or False, received {value!r}.")
    return bool(value)


def integer(name: str, value: Any) -> int:
    """An integer; `True` is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ArgumentError(f"Expected `{name}` to be an integer, received {value!r}.")
    return int(value)


def axes_or_none(name: str, value: Any) -> int | tuple[int, ...] | None:
    """`None`, an integer, or a tuple of integers (JSON gives a list)."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return tuple(integer(name, axis) for axis in value)
    return integer(name, value)


def canonical_axis(axis: Any, ndim: int, loss: str) -> int:
    """`axis` counted from the front.

    Raises:
        ArgumentError: it is no integer, or not an axis of `ndim` dimensions.
    """
    axis = integer("axis", axis)
    if not -ndim <= axis < ndim:
        raise ArgumentError(
            f"Expected `axis` of {loss} to be one of the {ndim} axes of y_pred, "
            f"received axis={axis}."
        )
    return axis % ndim


def canonical_axes(axis: Any, ndim: int, loss: str) -> tuple[int, ...] | None:
    """Several axes counted from the front; `None` stands for all.

    Raises:
        ArgumentError: one of them is not an axis of `ndim` dimensions.
    """
    if axis is None:
        return None
    axes = axis if isinstance(axis, list | tuple) else (axis,)
    return tuple(canonical_axis(one, ndim, loss) for one in axes)
