"""Clipping of gradients: by value, by the norm of each, by the norm of all."""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from deepkit.core import dtypes

from ._precision import widen


@functools.partial(jax.jit, static_argnames="clipvalue", inline=True)
def clip_by_value(gradient: jax.Array, clipvalue: float) -> jax.Array:
    """Each element limited to [-clipvalue, clipvalue]."""
    return jnp.clip(gradient, -clipvalue, clipvalue)


@functools.partial(jax.jit, static_argnames="clipnorm", inline=True)
def clip_by_norm(gradient: jax.Array, clipnorm: float) -> jax.Array:
    """A gradient scaled down so that its norm is at most `clipnorm`."""
    wide = widen(gradient)
    square = jnp.sum(jnp.square(wide))
    # The square root is taken of 1 where the norm is 0: its derivative there would be infinite.
    norm = jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)
    return (wide * clipnorm / jnp.maximum(norm, clipnorm)).astype(gradient.dtype)


@functools.partial(jax.jit, static_argnames="clipnorm", inline=True)
def clip_by_global_norm(gradients: Sequence[jax.Array], clipnorm: float) -> list[jax.Array]:
    """Gradients scaled down together so that the norm of all is at most `clipnorm`.

    A norm that is not finite makes all of them NaN, so that the fault shows.
    """
    norm = global_norm(gradients)
    scale = clipnorm * jnp.minimum(1 / norm, 1 / clipnorm) + (norm - norm)
    return [
        (widen(gradient) * scale.astype(widen(gradient).dtype)).astype(gradient.dtype)
        for gradient in gradients
    ]


def global_norm(gradients: Sequence[jax.Array]) -> jax.Array:
    """The square root of the sum of all squares, at least in float32."""
    squares = [jnp.sum(jnp.square(widen(gradient))) for gradient in gradients]
    dtype = dtypes.result_type(*(square.dtype for square in squares))
    return jnp.sqrt(jnp.sum(jnp.stack([square.astype(dtype) for square in squares])))
