"""Activations that set small inputs to zero, or to another constant."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._inputs import as_float


@operation
def soft_shrink(x: Any, threshold: float = 0.5) -> jax.Array:
    """Soft shrinkage: moves inputs toward zero by `threshold`, and to zero where they are smaller.

    `f(x) = sign(x) · max(|x| - threshold, 0)`.

    Args:
        x: a tensor.
        threshold: how far inputs move.

    Example:
        >>> import deepkit
        >>> deepkit.activations.soft_shrink([-2.0, 0.3, 1.0]).tolist()
        [-1.5, 0.0, 0.5]
    """
    x = as_float(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@operation
def hard_shrink(x: Any, threshold: float = 0.5) -> jax.Array:
    """Hard shrinkage: `f(x) = x` where `|x| > threshold`, else 0.

    Args:
        x: a tensor.
        threshold: the largest size that becomes zero.

    Example:
        >>> import deepkit
        >>> deepkit.activations.hard_shrink([-2.0, 0.3, 1.0]).tolist()
        [-2.0, 0.0, 1.0]
    """
    x = as_float(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@operation
def tanh_shrink(x: Any) -> jax.Array:
    """Tanh shrinkage: `f(x) = x - tanh(x)`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.tanh_shrink([0.0, 1000.0]).tolist()
        [0.0, 999.0]
    """
    x = as_float(x)
    return x - jnp.tanh(x)


@operation
def threshold(x: Any, threshold: float, default_value: float) -> jax.Array:
    """Replace what is not above a threshold: `f(x) = x` where `x > threshold`, else a default.

    Args:
        x: a tensor.
        threshold: inputs above it stay.
        default_value: what the others become.

    Example:
        >>> import deepkit
        >>> deepkit.activations.threshold([0.5, 2.0], 1.0, -9.0).tolist()
        [-9.0, 2.0]
    """
    x = as_float(x)
    return jnp.where(x > threshold, x, jnp.asarray(default_value, x.dtype))
