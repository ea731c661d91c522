"""Comparisons, tests of numbers and logic, element by element."""

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array, operation

from ._promotion import promote, promote_floats
from ._types import TensorLike


@operation
def equal(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 == x2`."""
    return jnp.equal(*promote(x1, x2))


@operation
def not_equal(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 != x2`."""
    return jnp.not_equal(*promote(x1, x2))


@operation
def greater(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 > x2`."""
    return jnp.greater(*promote(x1, x2))


@operation
def greater_equal(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 >= x2`."""
    return jnp.greater_equal(*promote(x1, x2))


@operation
def less(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 < x2`."""
    return jnp.less(*promote(x1, x2))


@operation
def less_equal(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 <= x2`."""
    return jnp.less_equal(*promote(x1, x2))


@operation
def isclose(
    x1: TensorLike,
    x2: TensorLike,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> jax.Array:
    """Returns `|x1 - x2| <= atol + rtol * |x2|`; nans are close where `equal_nan`."""
    return jnp.isclose(*promote_floats(x1, x2), rtol=rtol, atol=atol, equal_nan=equal_nan)


@operation
def allclose(
    x1: TensorLike,
    x2: TensorLike,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> jax.Array:
    """Returns whether `isclose` holds everywhere."""
    return jnp.allclose(*promote_floats(x1, x2), rtol=rtol, atol=atol, equal_nan=equal_nan)


@operation
def isin(
    x1: TensorLike, x2: TensorLike, assume_unique: bool = False, invert: bool = False
) -> jax.Array:
    """Returns whether each element of `x1` occurs in `x2` (does not, if `invert`).

    Example:
        >>> import deepkit
        >>> deepkit.ops.isin([1, 2, 3], [3, 1])
        Array([ True, False,  True], dtype=bool)
    """
    return jnp.isin(*promote(x1, x2), assume_unique=assume_unique, invert=invert)


@operation
def isfinite(x: TensorLike) -> jax.Array:
    """Returns whether each element is neither nan nor infinite."""
    return jnp.isfinite(as_array(x))


@operation
def isinf(x: TensorLike) -> jax.Array:
    """Returns whether each element is infinite, of either sign."""
    return jnp.isinf(as_array(x))


@operation
def isnan(x: TensorLike) -> jax.Array:
    """Returns whether each element is nan."""
    return jnp.isnan(as_array(x))


@operation
def isneginf(x: TensorLike) -> jax.Array:
    """Returns whether each element is minus infinity."""
    return jnp.isneginf(as_array(x))


@operation
def isposinf(x: TensorLike) -> jax.Array:
    """Returns whether each element is plus infinity."""
    return jnp.isposinf(as_array(x))


def _truth(x: TensorLike) -> jax.Array:
    """Whether each element is other than 0."""
    x = as_array(x)
    return x if x.dtype == jnp.bool_ else x != 0


@operation
def logical_and(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns whether both are true; a number is true unless it is 0."""
    return jnp.logical_and(_truth(x1), _truth(x2))


@operation
def logical_or(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns whether either is true; a number is true unless it is 0."""
    return jnp.logical_or(_truth(x1), _truth(x2))


@operation
def logical_xor(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns whether one of the two is true; a number is true unless it is 0."""
    return jnp.logical_xor(_truth(x1), _truth(x2))


@operation
def logical_not(x: TensorLike) -> jax.Array:
    """Returns whether each element is false; a number is true unless it is 0."""
    return jnp.logical_not(_truth(x))
