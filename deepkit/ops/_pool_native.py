"""Pooling and its derivatives as XLA has them: what GPU and TPU run."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ._platform_primitive import transpose
from ._pool_geometry import PoolGeometry


def max_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The largest value in each window."""
    return lax.reduce_window(inputs, lowest(inputs.dtype), lax.max, *_operands(geometry))


def pick(inputs: jax.Array, values: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The entries of `values` where `inputs` is largest, window by window: `max_pool`'s slope."""
    return jax.jvp(lambda x: max_pool(x, geometry=geometry), (inputs,), (values,))[1]


def place(inputs: jax.Array, cotangent: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """`pick` transposed: back to where `inputs` is largest, sums where windows overlap."""
    return jax.vjp(lambda x: max_pool(x, geometry=geometry), inputs)[1](cotangent)[0]


def sum_pool(inputs: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """The sum of each window."""
    return lax.reduce_window(inputs, inputs.dtype.type(0), lax.add, *_operands(geometry))


def spread(cotangent: jax.Array, *, geometry: PoolGeometry) -> jax.Array:
    """`sum_pool` transposed: every entry to all places of its window."""
    shape = (cotangent.shape[0], *geometry.input_size)
    return transpose(lambda x: sum_pool(x, geometry=geometry), shape, cotangent)


def lowest(dtype: jnp.dtype) -> np.generic:
    """What no value is below."""
    if jnp.issubdtype(dtype, jnp.floating):
        return dtype.type(-np.inf)
    return dtype.type(jnp.iinfo(dtype).min)


def _operands(geometry: PoolGeometry) -> tuple:
    return (1, *geometry.window), (1, *geometry.strides), ((0, 0), *geometry.padding)
