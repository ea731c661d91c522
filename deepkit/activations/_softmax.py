"""Softmax and its logarithm."""

import warnings
from typing import Any

import jax

from deepkit.ops import _softmax
from deepkit.tensors import operation

from ._inputs import as_float, check_axis


@operation
def softmax(x: Any, axis: int | tuple[int, ...] = -1) -> jax.Array:
    """Softmax: `f(x)_i = exp(x_i) / Σ_j exp(x_j)`, positive numbers that sum to 1.

    Unchanged by an offset on all entries. float16 and bfloat16 are summed in float32.

    Args:
        x: a tensor.
        axis: the axis, or a tuple of axes, over which the result sums to 1.

    Raises:
        ShapeError: there is no such axis.

    Example:
        >>> import deepkit
        >>> deepkit.activations.softmax([[0.0, 0.0], [1000.0, 0.0]]).tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """
    x = as_float(x)
    axes = check_axis(x.shape, axis)
    if len(axes) == 1 and x.shape[axes[0]] == 1:
        warnings.warn(
            f"Softmax over axis {axis} of shape {x.shape} has one entry, so it always returns 1. "
            f"For one output unit use `sigmoid`.",
            stacklevel=3,
        )
    return _softmax.softmax(x, axes)


@operation
def log_softmax(x: Any, axis: int | tuple[int, ...] = -1) -> jax.Array:
    """Logarithm of the softmax: `f(x)_i = x_i - log Σ_j exp(x_j)`.

    Args:
        x: a tensor.
        axis: the axis, or a tuple of axes, that is normalized.

    Raises:
        ShapeError: there is no such axis.

    Example:
        >>> import deepkit
        >>> deepkit.activations.log_softmax([1000.0, 0.0]).tolist()
        [0.0, -1000.0]
    """
    x = as_float(x)
    return _softmax.log_softmax(x, check_axis(x.shape, axis))
