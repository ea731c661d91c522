"""Running sums and products, differences and integrals along an axis."""

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array, operation

from ._promotion import promote_floats
from ._types import DType, TensorLike

_MOST_TIMES = 1000


@operation
def cumsum(x: TensorLike, axis: int | None = None, dtype: DType = None) -> jax.Array:
    """Returns the running sum along `axis`; of the flat `x` if `None`."""
    return jnp.cumsum(as_array(x), axis=axis, dtype=dtype)


@operation
def cumprod(x: TensorLike, axis: int | None = None, dtype: DType = None) -> jax.Array:
    """Returns the running product along `axis`; of the flat `x` if `None`."""
    return jnp.cumprod(as_array(x), axis=axis, dtype=dtype)


@operation
def diff(a: TensorLike, n: int = 1, axis: int = -1) -> jax.Array:
    """Returns the differences of neighbours along `axis`, taken `n` times.

    Raises:
        ArgumentError: `n` is more than 1,000.
    """
    if n > _MOST_TIMES:
        raise ArgumentError(f"Expected `n` of `diff` to be at most {_MOST_TIMES:,}, received {n}.")
    return jnp.diff(as_array(a), n=n, axis=axis)


@operation
def trapezoid(
    y: TensorLike, x: TensorLike | None = None, dx: TensorLike = 1.0, axis: int = -1
) -> jax.Array:
    """Returns the integral of samples `y` along `axis` by the trapezoidal rule.

    Args:
        y: samples.
        x: where they were taken; `dx` apart if `None`.
        dx: distance between samples.
        axis: axis along which the samples lie.
    """
    if x is None:
        y, dx = promote_floats(y, dx)
        return jnp.trapezoid(y, dx=dx, axis=axis)
    return jnp.trapezoid(*promote_floats(y, x), axis=axis)
