"""Arithmetic of two arrays, element by element, with broadcasting."""

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import DTypeError
from deepkit.tensors import as_array, operation

from ._promotion import promote, promote_floats
from ._types import TensorLike


@operation
def add(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 + x2`."""
    return jnp.add(*promote(x1, x2))


@operation
def subtract(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 - x2`."""
    return jnp.subtract(*promote(x1, x2))


@operation
def multiply(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 * x2`."""
    return jnp.multiply(*promote(x1, x2))


@operation
def divide(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 / x2`; integers are divided as floats."""
    return jnp.divide(*promote_floats(x1, x2))


true_divide = divide


@operation
def divide_no_nan(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 / x2`, and 0 where `x2` is 0, with gradients that stay finite there.

    Example:
        >>> import deepkit
        >>> deepkit.ops.divide_no_nan([1.0, 1.0], [0.0, 2.0])
        Array([0. , 0.5], dtype=float32)
    """
    x1, x2 = promote_floats(x1, x2)
    is_zero = x2 == 0
    # The division itself must not see the zeros: its gradient would be nan behind the `where`.
    quotient = jnp.divide(x1, jnp.where(is_zero, jnp.ones_like(x2), x2))
    return jnp.where(is_zero, jnp.zeros_like(quotient), quotient)


@operation
def floor_divide(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the largest whole number below or at `x1 / x2`."""
    return jnp.floor_divide(*_countable(x1, x2))


@operation
def mod(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the remainder of `x1 / x2` with the sign of `x2`."""
    return jnp.mod(*_countable(x1, x2))


@operation
def fmod(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the remainder of `x1 / x2` with the sign of `x1`."""
    return jnp.fmod(*_countable(x1, x2))


def _countable(*values: TensorLike) -> tuple[jax.Array, ...]:
    """Promoted values, booleans counted as int32."""
    return tuple(x.astype(jnp.int32) if x.dtype == jnp.bool_ else x for x in promote(*values))


@operation
def power(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 ** x2`."""
    if type(x2) is int:
        # A whole exponent known now becomes a few multiplications, exact also for negative bases.
        (x1,) = _countable(x1)
        return jnp.power(x1, x2)
    return jnp.power(*_countable(x1, x2))


@operation
def maximum(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the larger of each pair; nan where either is nan."""
    return jnp.maximum(*promote(x1, x2))


@operation
def minimum(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the smaller of each pair; nan where either is nan."""
    return jnp.minimum(*promote(x1, x2))


@operation
def fmax(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the larger of each pair, a number rather than nan."""
    return jnp.fmax(*promote(x1, x2))


@operation
def fmin(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the smaller of each pair, a number rather than nan."""
    return jnp.fmin(*promote(x1, x2))


@operation
def gcd(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the greatest common divisor of integers."""
    return jnp.gcd(*_countable(x1, x2))


@operation
def lcm(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the lowest common multiple of integers."""
    return jnp.lcm(*_countable(x1, x2))


@operation
def hypot(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the length `sqrt(x1² + x2²)` without overflow on the way."""
    return jnp.hypot(*promote_floats(x1, x2))


@operation
def heaviside(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns 0 where `x1` is below 0, 1 where it is above, and `x2` where it is 0."""
    return jnp.heaviside(*promote_floats(x1, x2))


@operation
def nextafter(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the next float after `x1` in the direction of `x2`."""
    return jnp.nextafter(*promote_floats(x1, x2))


@operation
def ldexp(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `x1 * 2 ** x2` for whole `x2`.

    Raises:
        DTypeError: `x2` is not of an integer dtype.
    """
    x2 = as_array(x2)
    if not dtypes.is_int(x2.dtype):
        raise DTypeError(
            f"Expected `x2`, the exponent of `ldexp`, to be of an integer dtype, "
            f"received {x2.dtype.name}. Cast it with `ops.cast(x2, 'int32')`."
        )
    (x1,) = promote_floats(x1)
    return jnp.ldexp(x1, x2)
