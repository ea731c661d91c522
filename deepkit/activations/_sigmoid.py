"""The logistic sigmoid, its logarithm and its piecewise linear kin."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._inputs import as_float


@operation
def sigmoid(x: Any) -> jax.Array:
    """Logistic sigmoid: `f(x) = 1 / (1 + exp(-x))`, between 0 and 1.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.sigmoid([-1000.0, 0.0, 1000.0]).tolist()
        [0.0, 0.5, 1.0]
    """
    return jax.nn.sigmoid(as_float(x))


@operation
def hard_sigmoid(x: Any) -> jax.Array:
    """Piecewise linear sigmoid: `f(x) = min(max(x + 3, 0), 6) / 6`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
        [0.0, 0.5, 1.0]
    """
    return jax.nn.hard_sigmoid(as_float(x))


@operation
def hard_sigmoid_of_keras_2(x: Any) -> jax.Array:
    """Piecewise linear sigmoid of Keras 1 and 2: `f(x) = min(max(0.2 x + 0.5, 0), 1)`.

    Models of those versions that name `"hard_sigmoid"` mean this, and are loaded with it.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.hard_sigmoid_of_keras_2([-2.5, 0.0, 2.5]).tolist()
        [0.0, 0.5, 1.0]
    """
    return jnp.clip(0.2 * as_float(x) + 0.5, 0.0, 1.0)


@operation
def log_sigmoid(x: Any) -> jax.Array:
    """Logarithm of the sigmoid: `f(x) = -log(1 + exp(-x))`, finite for very negative inputs.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.log_sigmoid([-1000.0, 1000.0]).tolist()
        [-1000.0, -0.0]
    """
    return jax.nn.log_sigmoid(as_float(x))


@operation
def sparse_sigmoid(x: Any) -> jax.Array:
    """Sigmoid of the sparsemax kind: `f(x) = min(max((x + 1) / 2, 0), 1)`.

    Exactly 0 or 1 outside `(-1, 1)`
    ([Blondel et al., 2019](https://arxiv.org/abs/1901.02324)).

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.sparse_sigmoid([-2.0, 0.5, 2.0]).tolist()
        [0.0, 0.75, 1.0]
    """
    return jax.nn.sparse_sigmoid(as_float(x))
