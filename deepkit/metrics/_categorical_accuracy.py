"""How often the highest score belongs to the class of a one-hot label."""

from typing import Any

import jax

from deepkit.core import config
from deepkit.ops._first_maximum import first_maximum
from deepkit.tensors import as_array, operation

from ._class_scores import check_one_hot
from ._function_mean import FunctionMean


@operation
def categorical_accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the highest score belongs to the labelled class, else 0.

    Args:
        y_true: one-hot labels or probabilities, shape `(..., num_classes)`.
        y_pred: scores, probabilities or logits, of the same shape.

    Returns:
        Array of shape `(...)`.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> import deepkit
        >>> y_true, y_pred = [[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.0, 1.0, 0.0]]
        >>> deepkit.metrics.categorical_accuracy(y_true, y_pred)
        Array([0., 1.], dtype=float32)
    """
    y_true, y_pred = check_one_hot(as_array(y_true), as_array(y_pred))
    matches = first_maximum(y_true, -1) == first_maximum(y_pred, -1)
    return matches.astype(config.floatx())


class CategoricalAccuracy(FunctionMean):
    """How often the highest score belongs to the class of a one-hot label.

    `mean(argmax(y_true, -1) == argmax(y_pred, -1))`. Scores may be probabilities or logits. For
    labels that are class indices take `SparseCategoricalAccuracy`.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.CategoricalAccuracy()
        >>> metric.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name=name, dtype=dtype)
