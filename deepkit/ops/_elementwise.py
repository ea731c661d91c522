"""Signs, sizes, clipping and rounding, element by element."""

import math

import jax
import jax.numpy as jnp

from deepkit.core.errors import DTypeError
from deepkit.tensors import as_array, operation

from ._promotion import as_float, promote
from ._types import TensorLike


@operation
def negative(x: TensorLike) -> jax.Array:
    """Returns `-x`."""
    return jnp.negative(as_array(x))


@operation
def absolute(x: TensorLike) -> jax.Array:
    """Returns the absolute value; of a complex number, its magnitude."""
    return jnp.absolute(as_array(x))


abs = absolute


@operation
def fabs(x: TensorLike) -> jax.Array:
    """Returns the absolute value as a float.

    Raises:
        DTypeError: `x` is complex.
    """
    x = as_float(x)
    if jnp.iscomplexobj(x):
        raise DTypeError(
            f"Expected `x` of `fabs` to be real, received {x.dtype.name}. "
            "Use `ops.absolute` for complex numbers."
        )
    return jnp.absolute(x)


@operation
def sign(x: TensorLike) -> jax.Array:
    """Returns -1, 0 or 1: the sign of each element."""
    return jnp.sign(as_array(x))


@operation
def signbit(x: TensorLike) -> jax.Array:
    """Returns whether the sign bit is set; unlike `x < 0` it is for -0.0."""
    return jnp.signbit(as_array(x))


@operation
def square(x: TensorLike) -> jax.Array:
    """Returns `x * x`."""
    x = as_array(x)
    return jnp.square(x.astype(jnp.int32) if x.dtype == jnp.bool_ else x)


@operation
def reciprocal(x: TensorLike) -> jax.Array:
    """Returns `1 / x`."""
    return jnp.reciprocal(as_float(x))


@operation
def clip(x: TensorLike, x_min: TensorLike | None, x_max: TensorLike | None) -> jax.Array:
    """Returns `x` limited to `[x_min, x_max]`; a bound of `None` does not limit.

    Example:
        >>> import deepkit
        >>> deepkit.ops.clip([-2.0, 0.5, 3.0], 0.0, 1.0)
        Array([0. , 0.5, 1. ], dtype=float32)
    """
    x = as_array(x)
    if x.dtype == jnp.bool_:
        x = x.astype(jnp.int32)
    bounds = [bound for bound in (x_min, x_max) if bound is not None]
    x, *bounds = promote(x, *bounds)
    low = None if x_min is None else bounds.pop(0)
    high = None if x_max is None else bounds.pop(0)
    return jnp.clip(x, low, high)


@operation
def floor(x: TensorLike) -> jax.Array:
    """Returns the largest whole number below or at `x`, as a float."""
    return jnp.floor(as_float(x))


@operation
def ceil(x: TensorLike) -> jax.Array:
    """Returns the smallest whole number above or at `x`, as a float."""
    return jnp.ceil(as_float(x))


@operation
def trunc(x: TensorLike) -> jax.Array:
    """Returns the whole part of `x`, cut towards 0; integers stay as they are."""
    x = as_array(x)
    return jnp.trunc(x) if jnp.issubdtype(x.dtype, jnp.inexact) else x


@operation
def round(x: TensorLike, decimals: int = 0) -> jax.Array:
    """Returns `x` rounded to `decimals` places, halves to the even neighbour.

    With negative `decimals`, integers are rounded to tens, hundreds and so on.
    """
    x = as_array(x)
    if x.dtype == jnp.bool_:
        x = x.astype(jnp.int32)
    if jnp.issubdtype(x.dtype, jnp.integer) and decimals < 0:
        unit = math.pow(10, -decimals)
        return (jnp.round(as_float(x) / unit) * unit).astype(x.dtype)
    return jnp.round(x, decimals=decimals)


@operation
def nan_to_num(
    x: TensorLike, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> jax.Array:
    """Returns `x` with nan and the infinities replaced.

    Args:
        x: array of any shape.
        nan: what replaces nan.
        posinf: what replaces infinity; the largest number of the dtype if `None`.
        neginf: what replaces minus infinity; the lowest number of the dtype if `None`.
    """
    return jnp.nan_to_num(as_array(x), nan=nan, posinf=posinf, neginf=neginf)
