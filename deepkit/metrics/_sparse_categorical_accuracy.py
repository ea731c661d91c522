"""How often the highest score belongs to the labelled class."""

from typing import Any

import jax

from deepkit.core import config
from deepkit.ops._first_maximum import first_maximum
from deepkit.tensors import as_array, operation

from ._class_scores import check_class_indices
from ._function_mean import FunctionMean
from ._shapes import as_same_dtype


@operation
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the highest score belongs to the labelled class, else 0.

    Args:
        y_true: class indices, shape `(...)` or `(..., 1)`.
        y_pred: scores, probabilities or logits, shape `(..., num_classes)`.

    Returns:
        Array of shape `(...)`.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.sparse_categorical_accuracy([2, 1], [[0.1, 0.9, 0.8], [0, 1, 0]])
        Array([0., 1.], dtype=float32)
    """
    y_pred = as_array(y_pred)
    y_true = check_class_indices(as_array(y_true), y_pred)
    labels, predicted = as_same_dtype(y_true, first_maximum(y_pred, -1).astype("int32"))
    return (labels == predicted).astype(config.floatx())


class SparseCategoricalAccuracy(FunctionMean):
    """How often the highest score belongs to the labelled class.

    `mean(y_true == argmax(y_pred, -1))`. Scores may be probabilities or logits. A label that is
    no class never matches. For one-hot labels take `CategoricalAccuracy`.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.SparseCategoricalAccuracy()
        >>> metric.update_state([[2], [1]], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)
