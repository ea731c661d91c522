"""Exponentials, logarithms, roots and the error function; integers are taken as floats."""

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._promotion import as_float, promote_floats
from ._types import TensorLike


@operation
def exp(x: TensorLike) -> jax.Array:
    """Returns `e ** x`."""
    return jnp.exp(as_float(x))


@operation
def exp2(x: TensorLike) -> jax.Array:
    """Returns `2 ** x`."""
    return jnp.exp2(as_float(x))


@operation
def expm1(x: TensorLike) -> jax.Array:
    """Returns `exp(x) - 1`, exact also where `x` is near 0."""
    return jnp.expm1(as_float(x))


@operation
def log(x: TensorLike) -> jax.Array:
    """Returns the natural logarithm: -inf at 0, nan below."""
    return jnp.log(as_float(x))


@operation
def log10(x: TensorLike) -> jax.Array:
    """Returns the logarithm to base 10."""
    return jnp.log10(as_float(x))


@operation
def log1p(x: TensorLike) -> jax.Array:
    """Returns `log(1 + x)`, exact also where `x` is near 0."""
    return jnp.log1p(as_float(x))


@operation
def log2(x: TensorLike) -> jax.Array:
    """Returns the logarithm to base 2."""
    return jnp.log2(as_float(x))


@operation
def logaddexp(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `log(exp(x1) + exp(x2))` without overflow."""
    return jnp.logaddexp(*promote_floats(x1, x2))


@operation
def logaddexp2(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns `log2(2 ** x1 + 2 ** x2)` without overflow."""
    return jnp.logaddexp2(*promote_floats(x1, x2))


@operation
def sqrt(x: TensorLike) -> jax.Array:
    """Returns the square root: nan below 0."""
    return jnp.sqrt(as_float(x))


@operation
def rsqrt(x: TensorLike) -> jax.Array:
    """Returns `1 / sqrt(x)`."""
    return jax.lax.rsqrt(as_float(x))


@operation
def cbrt(x: TensorLike) -> jax.Array:
    """Returns the cube root, also of negative numbers."""
    return jnp.cbrt(as_float(x))


@operation
def erf(x: TensorLike) -> jax.Array:
    """Returns the Gauss error function `2 / sqrt(pi) ∫₀ˣ exp(-t²) dt`."""
    return jax.lax.erf(as_float(x))


@operation
def erfc(x: TensorLike) -> jax.Array:
    """Returns `1 - erf(x)`, exact also where it is near 0."""
    return jax.lax.erfc(as_float(x))


@operation
def erfinv(x: TensorLike) -> jax.Array:
    """Returns the `y` with `erf(y) = x`, for `x` in (-1, 1)."""
    return jax.lax.erf_inv(as_float(x))


@operation
def i0(x: TensorLike) -> jax.Array:
    """Returns the modified Bessel function of the first kind, order 0."""
    return jnp.i0(as_float(x))
