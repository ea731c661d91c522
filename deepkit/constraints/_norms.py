"""Constraints on the L2 norms of weight vectors."""

import numbers
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array, operation

from ._base import Constraint

Axis = int | Sequence[int]


@operation
def _rescale(w: Any, low: float, high: float, rate: float, axis: Axis) -> jax.Array:
    """Scale vectors to the norm `rate · clip(norm, low, high) + (1 - rate) · norm`."""
    w, norm = _with_norm(w, axis)
    desired = rate * jnp.clip(norm, low, high) + (1 - rate) * norm
    return (_widen(w) * (desired / (config.epsilon() + norm))).astype(w.dtype)


@operation
def _normalize(w: Any, axis: Axis) -> jax.Array:
    w, norm = _with_norm(w, axis)
    return (_widen(w) / (config.epsilon() + norm)).astype(w.dtype)


def _with_norm(w: Any, axis: Axis) -> tuple[jax.Array, jax.Array]:
    """The weight as a floating array, and its norms along `axis`."""
    w = as_array(w)
    if not jnp.issubdtype(w.dtype, jnp.inexact):
        w = w.astype(config.floatx())
    axes = axis if isinstance(axis, int) else tuple(axis)
    return w, jnp.sqrt(jnp.sum(jnp.square(_widen(w)), axes, keepdims=True))


def _widen(w: jax.Array) -> jax.Array:
    """Half precision as float32: squares overflow float16 from 256 on."""
    return w.astype(jnp.float32) if w.dtype in (jnp.float16, jnp.bfloat16) else w


class MaxNorm(Constraint):
    """Scales weight vectors down to a norm of at most `max_value`; shorter ones stay.

    Often used with dropout
    ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)).

    Args:
        max_value: the largest norm, a number of 0 or more.
        axis: the axis, or axes, along which a vector lies: 0 for a `Dense` kernel
            `(inputs, units)`, `[0, 1, 2]` for a `Conv2D` kernel `(rows, columns, inputs, filters)`.

    Raises:
        ArgumentError: `max_value` is not such a number, or `axis` holds no integers.

    Example:
        >>> import deepkit
        >>> deepkit.constraints.MaxNorm(1.0)([[4.0, 0.5], [0.0, 0.0]]).round(4).tolist()
        [[1.0, 0.5], [0.0, 0.0]]
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = _bound(max_value, "max_value")
        self.axis = _axis(axis)

    def __call__(self, w: Any) -> jax.Array:
        """`w · clip(norm, 0, max_value) / norm`."""
        return _rescale(w, 0.0, self.max_value, 1.0, self.axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(Constraint):
    """Scales weight vectors to norm 1; zero vectors stay.

    Args:
        axis: the axis, or axes, along which a vector lies; see `MaxNorm`.

    Raises:
        ArgumentError: `axis` holds no integers.

    Example:
        >>> import deepkit
        >>> deepkit.constraints.UnitNorm()([[4.0, 0.5], [0.0, 0.0]]).round(4).tolist()
        [[1.0, 1.0], [0.0, 0.0]]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = _axis(axis)

    def __call__(self, w: Any) -> jax.Array:
        """`w / norm`."""
        return _normalize(w, self.axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Scales weight vectors toward norms between `min_value` and `max_value`.

    The new norm is `rate · clip(norm, min_value, max_value) + (1 - rate) · norm`.

    Args:
        min_value: the smallest norm, a number of 0 or more.
        max_value: the largest norm, not below `min_value`.
        rate: how far a step goes, from 0 (not at all) to 1 (all the way).
        axis: the axis, or axes, along which a vector lies; see `MaxNorm`.

    Raises:
        ArgumentError: an argument has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> deepkit.constraints.MinMaxNorm(1.0, 2.0)([[0.0, 0.5], [6.0, 0.0]]).round(4).tolist()
        [[0.0, 1.0], [2.0, 0.0]]
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ) -> None:
        self.min_value = _bound(min_value, "min_value")
        self.max_value = _bound(max_value, "max_value")
        if min_value > max_value:
            raise ArgumentError(
                f"Expected `min_value` to be at most `max_value`, received "
                f"min_value={min_value}, max_value={max_value}."
            )
        self.rate = _bound(rate, "rate")
        if rate > 1:
            raise ArgumentError(f"Expected `rate` to be a number from 0 to 1, received {rate!r}.")
        self.axis = _axis(axis)

    def __call__(self, w: Any) -> jax.Array:
        """The rescaled weight."""
        return _rescale(w, self.min_value, self.max_value, self.rate, self.axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def _bound(value: Any, argument: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not value >= 0:
        raise ArgumentError(
            f"Expected `{argument}` to be a number of 0 or more, received {value!r}."
        )
    return value


def _axis(axis: Any) -> int | list[int]:
    axes = list(axis) if isinstance(axis, list | tuple) else [axis]
    if not all(isinstance(a, numbers.Integral) and not isinstance(a, bool) for a in axes):
        raise ArgumentError(
            f"Expected `axis` to be an integer or a list of integers, received {axis!r}."
        )
    return [int(a) for a in axes] if isinstance(axis, list | tuple) else int(axis)
