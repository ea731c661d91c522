"""Complex numbers: their parts, angles and conjugates."""

import jax
import jax.numpy as jnp

from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._promotion import as_float
from ._types import TensorLike


@operation
def real(x: TensorLike) -> jax.Array:
    """Returns the real part."""
    return jnp.real(as_array(x))


@operation
def imag(x: TensorLike) -> jax.Array:
    """Returns the imaginary part, 0 for real numbers."""
    return jnp.imag(as_array(x))


@operation
def conjugate(x: TensorLike) -> jax.Array:
    """Returns the complex conjugate."""
    return jnp.conjugate(as_array(x))


conj = conjugate


@operation
def angle(x: TensorLike) -> jax.Array:
    """Returns the angle of complex numbers in radians: 0 or π for real ones."""
    return jnp.angle(as_float(x))


@operation
def isreal(x: TensorLike) -> jax.Array:
    """Returns whether the imaginary part is 0."""
    return jnp.isreal(as_array(x))


@operation
def view_as_complex(x: TensorLike) -> jax.Array:
    """Returns complex numbers from pairs `(real, imaginary)` in the last axis.

    Args:
        x: real array of shape `(..., 2)`.

    Raises:
        ShapeError: the last axis does not hold two numbers.
    """
    x = as_float(x)
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ShapeError(
            "Expected `x` of `view_as_complex` to have pairs (real, imaginary) in its last axis, "
            f"received shape {tuple(x.shape)}."
        )
    return jax.lax.complex(x[..., 0], x[..., 1])


@operation
def view_as_real(x: TensorLike) -> jax.Array:
    """Returns the pairs `(real, imaginary)` of complex numbers, in a new last axis of size 2."""
    x = as_array(x)
    return jnp.stack([jnp.real(x), jnp.imag(x)], axis=-1)
