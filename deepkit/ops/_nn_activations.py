"""Activations, entry by entry; integers are taken as floats."""

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._gelu import exact_gelu, tanh_gelu
from ._promotion import as_float
from ._types import TensorLike


@operation
def relu(x: TensorLike) -> jax.Array:
    """Returns `max(x, 0)`."""
    return jax.nn.relu(as_float(x))


@operation
def relu6(x: TensorLike) -> jax.Array:
    """Returns `min(max(x, 0), 6)`."""
    return jax.nn.relu6(as_float(x))


@operation
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> jax.Array:
    """Returns `x` where it is positive, else `negative_slope * x`."""
    return jax.nn.leaky_relu(as_float(x), negative_slope)


@operation
def elu(x: TensorLike, alpha: float = 1.0) -> jax.Array:
    """Returns `x` where it is positive, else `alpha * (exp(x) - 1)`."""
    return jax.nn.elu(as_float(x), alpha)


@operation
def celu(x: TensorLike, alpha: float = 1.0) -> jax.Array:
    """Returns `x` where it is positive, else `alpha * (exp(x / alpha) - 1)`."""
    return jax.nn.celu(as_float(x), alpha)


@operation
def selu(x: TensorLike) -> jax.Array:
    """Returns the scaled ELU, which keeps mean 0 and variance 1 through dense layers."""
    return jax.nn.selu(as_float(x))


@operation
def gelu(x: TensorLike, approximate: bool = True) -> jax.Array:
    """Returns `x` times the normal distribution's probability below `x`, by tanh if approximate."""
    x = as_float(x)
    return tanh_gelu(x) if approximate else exact_gelu(x)


@operation
def silu(x: TensorLike) -> jax.Array:
    """Returns `x * sigmoid(x)`."""
    return jax.nn.silu(as_float(x))


@operation
def hard_silu(x: TensorLike) -> jax.Array:
    """Returns `x * hard_sigmoid(x)`."""
    return jax.nn.hard_silu(as_float(x))


@operation
def sigmoid(x: TensorLike) -> jax.Array:
    """Returns `1 / (1 + exp(-x))`."""
    return jax.nn.sigmoid(as_float(x))


@operation
def hard_sigmoid(x: TensorLike) -> jax.Array:
    """Returns `x / 6 + 1 / 2`, kept between 0 and 1."""
    return jax.nn.hard_sigmoid(as_float(x))


@operation
def log_sigmoid(x: TensorLike) -> jax.Array:
    """Returns `log(sigmoid(x))` without overflow."""
    return jax.nn.log_sigmoid(as_float(x))


@operation
def sparse_sigmoid(x: TensorLike) -> jax.Array:
    """Returns `(x + 1) / 2`, kept between 0 and 1."""
    return jax.nn.sparse_sigmoid(as_float(x))


@operation
def softplus(x: TensorLike) -> jax.Array:
    """Returns `log(1 + exp(x))` without overflow."""
    return jax.nn.softplus(as_float(x))


@operation
def sparse_plus(x: TensorLike) -> jax.Array:
    """Returns 0 up to -1, `(x + 1) ** 2 / 4` up to 1, then `x`."""
    return jax.nn.sparse_plus(as_float(x))


@operation
def squareplus(x: TensorLike, b: float = 4) -> jax.Array:
    """Returns `(x + sqrt(x ** 2 + b)) / 2`."""
    return jax.nn.squareplus(as_float(x), b)


@operation
def softsign(x: TensorLike) -> jax.Array:
    """Returns `x / (1 + abs(x))`."""
    return jax.nn.soft_sign(as_float(x))


@operation
def hard_tanh(x: TensorLike) -> jax.Array:
    """Returns `x`, kept between -1 and 1."""
    return jax.nn.hard_tanh(as_float(x))


@operation
def tanh_shrink(x: TensorLike) -> jax.Array:
    """Returns `x - tanh(x)`."""
    x = as_float(x)
    return x - jnp.tanh(x)


@operation
def soft_shrink(x: TensorLike, threshold: float = 0.5) -> jax.Array:
    """Returns `x` moved towards 0 by `threshold`, 0 where it would pass 0."""
    x = as_float(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@operation
def hard_shrink(x: TensorLike, threshold: float = 0.5) -> jax.Array:
    """Returns `x` where it is farther than `threshold` from 0, else 0."""
    x = as_float(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@operation
def threshold(x: TensorLike, threshold: float, default_value: float) -> jax.Array:
    """Returns `x` where it is above `threshold`, else `default_value`."""
    x = as_float(x)
    return jnp.where(x > threshold, x, jnp.asarray(default_value, x.dtype))


hard_swish = hard_silu
swish = silu
