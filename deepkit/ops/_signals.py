"""Complex numbers from polar coordinates, and the peak signal-to-noise ratio."""

import jax
import jax.numpy as jnp
from jax import lax

from deepkit.core.errors import ShapeError
from deepkit.tensors import operation

from ._promotion import promote_floats
from ._types import TensorLike


@operation
def polar(abs_: TensorLike, angle: TensorLike) -> jax.Array:
    """Returns the complex numbers of the absolute values `abs_` and the angles in radians.

    Example:
        >>> import deepkit
        >>> deepkit.ops.polar(2.0, 0.0).item()
        (2+0j)
    """
    abs_, angle = promote_floats(abs_, angle)
    return lax.complex(abs_ * jnp.cos(angle), abs_ * jnp.sin(angle))


@operation
def psnr(x1: TensorLike, x2: TensorLike, max_val: float) -> jax.Array:
    """Returns the peak signal-to-noise ratio in decibels: `20 log10(max_val / rmse)`.

    Args:
        x1: a signal.
        x2: another one, of the same shape.
        max_val: the largest value that a signal can have.

    Raises:
        ShapeError: the shapes differ.
    """
    x1, x2 = promote_floats(x1, x2)
    if x1.shape != x2.shape:
        raise ShapeError(
            f"Expected two signals of the same shape, received {x1.shape} and {x2.shape}."
        )
    error = jnp.mean(jnp.square(x1 - x2))
    return 20 * jnp.log10(jnp.asarray(max_val, error.dtype)) - 10 * jnp.log10(error)
