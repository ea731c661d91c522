"""Activations that look along an axis: softmax and its kin, gates."""

import warnings
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from deepkit.core.errors import ShapeError
from deepkit.tensors import operation

from . import _softmax
from ._promotion import accumulator_dtype, as_float, axes
from ._types import TensorLike


@operation
def softmax(x: TensorLike, axis: int | Sequence[int] = -1) -> jax.Array:
    """Returns `exp(x) / sum(exp(x))`: positive numbers that sum to 1 over `axis`.

    Warns where the axis has a single entry, which makes all results 1.
    """
    x = as_float(x)
    if isinstance(axis, int) and -x.ndim <= axis < x.ndim and x.shape[axis] == 1:
        warnings.warn(
            f"Softmax over axis {axis} of shape {x.shape} has one entry, so it always returns 1. "
            "For one output unit use `sigmoid`.",
            stacklevel=3,
        )
    return _softmax.softmax(x, axes(axis))


@operation
def log_softmax(x: TensorLike, axis: int | Sequence[int] = -1) -> jax.Array:
    """Returns `log(softmax(x))` without overflow."""
    return _softmax.log_softmax(as_float(x), axes(axis))


@operation
def sparsemax(x: TensorLike, axis: int = -1) -> jax.Array:
    """Returns the nearest numbers to `x` that sum to 1 over `axis` and are not negative.

    [Martins & Astudillo, 2016](https://arxiv.org/abs/1602.02068).
    """
    x = as_float(x)
    wide = x.astype(accumulator_dtype(x))
    ordered = jnp.sort(wide, axis, descending=True)
    ranks = jax.lax.broadcasted_iota(wide.dtype, wide.shape, axis % x.ndim) + 1
    support = 1 + ranks * ordered > jnp.cumsum(ordered, axis)
    size = jnp.sum(support, axis, keepdims=True).astype(wide.dtype)
    tau = (jnp.sum(jnp.where(support, ordered, 0.0), axis, keepdims=True) - 1) / size
    return jnp.maximum(wide - tau, 0.0).astype(x.dtype)


@operation
def glu(x: TensorLike, axis: int = -1) -> jax.Array:
    """Returns the first half of `x` along `axis` times the sigmoid of the second half.

    Raises:
        ShapeError: the axis has an odd size.
    """
    x = as_float(x)
    if x.shape[axis] % 2:
        raise ShapeError(
            f"`glu` halves an axis of even size, received axis {axis} of shape {x.shape}."
        )
    return jax.nn.glu(x, axis)
