"""Bits of integers."""

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array, operation

from ._promotion import promote
from ._types import TensorLike


@operation
def bitwise_and(x: TensorLike, y: TensorLike) -> jax.Array:
    """Returns the bits that are set in both."""
    return jnp.bitwise_and(*promote(x, y))


@operation
def bitwise_or(x: TensorLike, y: TensorLike) -> jax.Array:
    """Returns the bits that are set in either."""
    return jnp.bitwise_or(*promote(x, y))


@operation
def bitwise_xor(x: TensorLike, y: TensorLike) -> jax.Array:
    """Returns the bits that are set in one of the two."""
    return jnp.bitwise_xor(*promote(x, y))


@operation
def bitwise_invert(x: TensorLike) -> jax.Array:
    """Returns `x` with every bit flipped."""
    return jnp.invert(as_array(x))


bitwise_not = bitwise_invert


@operation
def bitwise_left_shift(x: TensorLike, y: TensorLike) -> jax.Array:
    """Returns the bits of `x` shifted up by `y` places."""
    return jnp.left_shift(*promote(x, y))


left_shift = bitwise_left_shift


@operation
def bitwise_right_shift(x: TensorLike, y: TensorLike) -> jax.Array:
    """Returns the bits of `x` shifted down by `y` places; a negative number stays negative."""
    return jnp.right_shift(*promote(x, y))


right_shift = bitwise_right_shift
