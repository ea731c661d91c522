"""Exponential moving averages of weights."""

import functools

import jax
import jax.numpy as jnp

from ._precision import widen


@functools.partial(jax.jit, static_argnames="momentum", inline=True)
def update_average(
    average: jax.Array, value: jax.Array, iterations: jax.Array, momentum: float
) -> jax.Array:
    """`momentum * average + (1 - momentum) * value`; the value itself in the first iteration."""
    wide = widen(value)
    kept = jnp.where(iterations == 0, 0.0, momentum).astype(wide.dtype)
    return (kept * widen(average) + (1 - kept) * wide).astype(average.dtype)


@functools.partial(jax.jit, static_argnames="frequency", inline=True)
def overwrite_periodically(
    value: jax.Array, average: jax.Array, iterations: jax.Array, frequency: int
) -> jax.Array:
    """The average in each `frequency`-th iteration, the value in the others."""
    return jnp.where((iterations + 1) % frequency == 0, average, value)
