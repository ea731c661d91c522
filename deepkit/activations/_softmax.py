"""Softmax and its logarithm."""

import functools
import warnings
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._inputs import as_float, check_axis, widen


@operation
def softmax(x: Any, axis: int | tuple[int, ...] = -1) -> jax.Array:
    """Softmax: `f(x)_i = exp(x_i) / Σ_j exp(x_j)`, positive numbers that sum to 1.

    Unchanged by an offset on all entries. float16 and bfloat16 are summed in float32.

    Args:
        x: a tensor.
        axis: the axis, or a tuple of axes, over which the result sums to 1.

    Raises:
        ShapeError: there is no such axis.

    Example:
        >>> import deepkit
        >>> deepkit.activations.softmax([[0.0, 0.0], [1000.0, 0.0]]).tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """
    x = as_float(x)
    axes = check_axis(x.shape, axis)
    if len(axes) == 1 and x.shape[axes[0]] == 1:
        warnings.warn(
            f"Softmax over axis {axis} of shape {x.shape} has one entry, so it always returns 1. "
            f"For one output unit use `sigmoid`.",
            stacklevel=3,
        )
    return _softmax(x, axes)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
@functools.partial(jax.jit, static_argnums=1)
def _softmax(x: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    wide = widen(x)
    top = jnp.max(wide, axes, keepdims=True, initial=-jnp.inf)
    exp = jnp.exp(wide - top)
    return (exp / jnp.sum(exp, axes, keepdims=True)).astype(x.dtype)


@_softmax.defjvp
def _softmax_jvp(axes: tuple[int, ...], primals: tuple, tangents: tuple) -> tuple:
    # dy = y · (dx - Σ y dx): only y is kept for the backward pass, in the dtype of x.
    y = _softmax(*primals, axes)
    wide, dx = widen(y), widen(tangents[0])
    dy = wide * (dx - jnp.sum(wide * dx, axes, keepdims=True))
    return y, dy.astype(y.dtype)


@operation
def log_softmax(x: Any, axis: int | tuple[int, ...] = -1) -> jax.Array:
    """Logarithm of the softmax: `f(x)_i = x_i - log Σ_j exp(x_j)`.

    Args:
        x: a tensor.
        axis: the axis, or a tuple of axes, that is normalized.

    Raises:
        ShapeError: there is no such axis.

    Example:
        >>> import deepkit
        >>> deepkit.activations.log_softmax([1000.0, 0.0]).tolist()
        [0.0, -1000.0]
    """
    x = as_float(x)
    return jax.nn.log_softmax(x, axis=check_axis(x.shape, axis))
