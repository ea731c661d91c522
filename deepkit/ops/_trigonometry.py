"""Trigonometric and hyperbolic functions; integers are taken as floats."""

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._promotion import as_float, promote_floats
from ._types import TensorLike


@operation
def sin(x: TensorLike) -> jax.Array:
    """Returns the sine of angles in radians."""
    return jnp.sin(as_float(x))


@operation
def cos(x: TensorLike) -> jax.Array:
    """Returns the cosine of angles in radians."""
    return jnp.cos(as_float(x))


@operation
def tan(x: TensorLike) -> jax.Array:
    """Returns the tangent of angles in radians."""
    return jnp.tan(as_float(x))


@operation
def arcsin(x: TensorLike) -> jax.Array:
    """Returns the angle in [-π/2, π/2] whose sine is `x`."""
    return jnp.arcsin(as_float(x))


@operation
def arccos(x: TensorLike) -> jax.Array:
    """Returns the angle in [0, π] whose cosine is `x`."""
    return jnp.arccos(as_float(x))


@operation
def arctan(x: TensorLike) -> jax.Array:
    """Returns the angle in (-π/2, π/2) whose tangent is `x`."""
    return jnp.arctan(as_float(x))


@operation
def arctan2(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the angle in [-π, π] of the point with height `x1` and abscissa `x2`."""
    return jnp.arctan2(*promote_floats(x1, x2))


@operation
def sinh(x: TensorLike) -> jax.Array:
    """Returns the hyperbolic sine."""
    return jnp.sinh(as_float(x))


@operation
def cosh(x: TensorLike) -> jax.Array:
    """Returns the hyperbolic cosine."""
    return jnp.cosh(as_float(x))


@operation
def tanh(x: TensorLike) -> jax.Array:
    """Returns the hyperbolic tangent."""
    return jnp.tanh(as_float(x))


@operation
def arcsinh(x: TensorLike) -> jax.Array:
    """Returns the inverse of `sinh`."""
    return jnp.arcsinh(as_float(x))


@operation
def arccosh(x: TensorLike) -> jax.Array:
    """Returns the inverse of `cosh`: nan below 1."""
    return jnp.arccosh(as_float(x))


@operation
def arctanh(x: TensorLike) -> jax.Array:
    """Returns the inverse of `tanh`, for `x` in [-1, 1]."""
    return jnp.arctanh(as_float(x))


@operation
def sinc(x: TensorLike) -> jax.Array:
    """Returns `sin(πx) / (πx)`, and 1 at 0."""
    return jnp.sinc(as_float(x))


@operation
def deg2rad(x: TensorLike) -> jax.Array:
    """Returns degrees as radians."""
    return jnp.deg2rad(as_float(x))


@operation
def rad2deg(x: TensorLike) -> jax.Array:
    """Returns radians as degrees."""
    return jnp.rad2deg(as_float(x))
