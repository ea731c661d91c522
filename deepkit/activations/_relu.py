"""Rectified linear units."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array, operation

from ._inputs import as_float


@operation
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> jax.Array:
    """Rectified linear unit, `f(x) = max(x, 0)`, with optional leak, ceiling and threshold.

    In general `f(x) = max_value` where `x ≥ max_value`, `f(x) = x` where `x > threshold`, and
    `f(x) = negative_slope · (x - threshold)` elsewhere.

    Args:
        x: a tensor.
        negative_slope: slope below the threshold.
        max_value: the largest value returned; `None` for no ceiling.
        threshold: where the identity begins.

    Example:
        >>> import deepkit
        >>> deepkit.activations.relu([-2.0, 0.5, 9.0], negative_slope=0.5, max_value=6).tolist()
        [-1.0, 0.5, 6.0]
    """
    if negative_slope and not threshold and max_value is None:
        return jax.nn.leaky_relu(as_float(x), negative_slope)
    x = as_float(x) if negative_slope or threshold else as_array(x)
    y = jnp.where(x > threshold, x, 0) if threshold else jax.nn.relu(x)
    if max_value is not None:
        y = jnp.where(y < max_value, y, jnp.asarray(max_value, y.dtype))
    if negative_slope:
        y = y - negative_slope * jax.nn.relu(threshold - x)
    return y


@operation
def leaky_relu(x: Any, negative_slope: float = 0.2) -> jax.Array:
    """Leaky rectified linear unit: `f(x) = x` where `x ≥ 0`, else `negative_slope · x`.

    Args:
        x: a tensor.
        negative_slope: slope for negative inputs.

    Example:
        >>> import deepkit
        >>> deepkit.activations.leaky_relu([-2.0, 3.0], negative_slope=0.5).tolist()
        [-1.0, 3.0]
    """
    return jax.nn.leaky_relu(as_float(x), negative_slope)


@operation
def relu6(x: Any) -> jax.Array:
    """Rectified linear unit with a ceiling at 6: `f(x) = min(max(x, 0), 6)`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.relu6([-1.0, 3.0, 9.0]).tolist()
        [0.0, 3.0, 6.0]
    """
    return jax.nn.relu6(as_float(x))
