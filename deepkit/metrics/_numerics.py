"""Numerical care that several metrics share."""

import jax
import jax.numpy as jnp


def divide_no_nan(numerator: jax.Array, denominator: jax.Array) -> jax.Array:
    """The quotient, and 0 where the denominator is 0."""
    empty = denominator == 0
    return jnp.where(empty, 0, numerator / jnp.where(empty, 1, denominator))


def accumulator_dtype(dtype: str) -> str:
    """The dtype for running sums: float32 for half precision, which cannot count past 2048."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype
