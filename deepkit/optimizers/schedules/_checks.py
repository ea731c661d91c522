"""Checks of the arguments of schedules, and what their calls have in common."""

from numbers import Real
from typing import Any

import jax

from deepkit.core import config
from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array


def check_rate(argument: str, value: Any) -> Any:
    """A number.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentError(f"Expected `{argument}` to be a number, received {value!r}.")
    return value


def check_steps(argument: str, value: Any) -> Any:
    """A number of steps above 0.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not value > 0:
        raise ArgumentError(f"Expected `{argument}` to be a number above 0, received {value!r}.")
    return value


def float_step(step: Any) -> jax.Array:
    """A step, or an array of steps, in the default float dtype."""
    return as_array(step, config.floatx())
