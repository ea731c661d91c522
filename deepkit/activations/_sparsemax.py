"""Sparsemax."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._inputs import as_float, check_axis, widen


@operation
def sparsemax(x: Any, axis: int = -1) -> jax.Array:
    """Sparsemax: the point of the probability simplex nearest to the input; often with zeros.

    `f(x)_i = max(x_i - τ(x), 0)` with τ such that the result sums to 1
    ([Martins & Astudillo, 2016](https://arxiv.org/abs/1602.02068)).

    Args:
        x: a tensor.
        axis: the axis over which the result sums to 1.

    Raises:
        ShapeError: there is no such axis.

    Example:
        >>> import deepkit
        >>> deepkit.activations.sparsemax([1.0, 0.5, -1.0]).tolist()
        [0.75, 0.25, 0.0]
    """
    x = as_float(x)
    (axis,) = check_axis(x.shape, axis)
    return _sparsemax(x, axis)


@functools.partial(jax.jit, static_argnums=1)
def _sparsemax(x: jax.Array, axis: int) -> jax.Array:
    # An offset on all entries changes nothing; without the largest one no digits are lost.
    z = widen(x) - jax.lax.stop_gradient(jnp.max(widen(x), axis, keepdims=True))
    support = z > _support_bound(jax.lax.stop_gradient(z), axis)
    size = jnp.sum(support, axis, keepdims=True).astype(z.dtype)
    tau = (jnp.sum(jnp.where(support, z, 0.0), axis, keepdims=True) - 1) / size
    return jnp.maximum(z - tau, 0.0).astype(x.dtype)


def _support_bound(z: jax.Array, axis: int) -> jax.Array:
    """τ by the paper's algorithm 1: k(z) is the largest k with `1 + k z_(k) > Σ_{j≤k} z_(j)`."""
    ordered = jnp.sort(z, axis, descending=True)
    total = jnp.cumsum(ordered, axis)
    ranks = jax.lax.broadcasted_iota(z.dtype, z.shape, axis) + 1
    inside = 1 + ranks * ordered > total
    size = jnp.sum(inside, axis, keepdims=True).astype(z.dtype)
    return (jnp.sum(jnp.where(inside, ordered, 0.0), axis, keepdims=True) - 1) / size
