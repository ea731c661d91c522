"""Softmax and its logarithm, with slopes that keep one array for the backward pass.

What JAX derives keeps the exponentials, their ratio and more. Where memory is slow, as on CPU, that
costs more than the arithmetic.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from ._promotion import accumulator_dtype

Axes = int | tuple[int, ...] | None


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
@functools.partial(jax.jit, static_argnums=1, inline=True)
def softmax(x: jax.Array, axes: Axes) -> jax.Array:
    """`exp(x) / sum(exp(x))` over `axes`; half precision is summed in float32."""
    wide = x.astype(accumulator_dtype(x))
    exp = jnp.exp(wide - jnp.max(wide, axes, keepdims=True, initial=-jnp.inf))
    return (exp / jnp.sum(exp, axes, keepdims=True)).astype(x.dtype)


@softmax.defjvp
def _softmax_jvp(axes: Axes, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    # dy = y · (dx - Σ y dx)
    y = softmax(*primals, axes)
    return y, _less_the_mean(y, tangents[0], axes)


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
@functools.partial(jax.jit, static_argnums=2, inline=True)
def masked_softmax(x: jax.Array, mask: jax.Array, axes: Axes) -> jax.Array:
    """`softmax` of the entries where `mask` is true; 0 elsewhere.

    Where an entry of `axes` has none, the result is that of equal numbers, and does not depend on
    `x`.

    Args:
        x: an array.
        mask: booleans that broadcast to it.
        axes: what the result sums to 1 over.
    """
    # Finite, so that such entries are no NaN.
    return softmax(jnp.where(mask, x, -0.7 * float(jnp.finfo(x.dtype).max)), axes)


@masked_softmax.defjvp
def _masked_softmax_jvp(
    axes: Axes, primals: tuple[Any, Any], tangents: tuple[Any, Any]
) -> tuple[Any, Any]:
    y = masked_softmax(*primals, axes)
    return y, _less_the_mean(y, jnp.where(primals[1], tangents[0], 0.0), axes)


def _less_the_mean(y: jax.Array, dx: jax.Array, axes: Axes) -> jax.Array:
    wide, dx = y.astype(accumulator_dtype(y)), dx.astype(accumulator_dtype(y))
    return (wide * (dx - jnp.sum(wide * dx, axes, keepdims=True))).astype(y.dtype)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def log_softmax(x: jax.Array, axes: Axes) -> jax.Array:
    """`log(softmax(x))` without overflow."""
    return jax.nn.log_softmax(x, axes)


@log_softmax.defjvp
def _log_softmax_jvp(axes: Axes, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    # dy = dx - Σ softmax(x) dx
    (dx,) = tangents
    p = softmax(*primals, axes)
    return log_softmax(*primals, axes), dx - jnp.sum(p * dx, axes, keepdims=True)
