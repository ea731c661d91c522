"""How often the class of a one-hot label is among the highest scores."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.tensors import as_array, operation

from ._class_scores import check_k, check_one_hot, in_top_k
from ._function_mean import FunctionMean


@operation
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> jax.Array:
    """1 where the labelled class has one of the `k` highest scores, else 0.

    Args:
        y_true: one-hot labels or probabilities, shape `(..., num_classes)`.
        y_pred: scores of the same shape.
        k: how many of the highest scores count.

    Returns:
        Array of shape `(...)`.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.top_k_categorical_accuracy([[0, 0, 1]], [[0.1, 0.9, 0.8]], k=2)
        Array([1.], dtype=float32)
    """
    y_true, y_pred = check_one_hot(as_array(y_true), as_array(y_pred))
    return in_top_k(jnp.argmax(y_true, axis=-1), y_pred, k).astype(config.floatx())


class TopKCategoricalAccuracy(FunctionMean):
    """How often the class of a one-hot label is among the `k` highest scores.

    Args:
        k: how many of the highest scores count.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: `k` is no integer of at least 1.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.TopKCategoricalAccuracy(k=1)
        >>> metric.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=check_k(k))
        self.k = k
