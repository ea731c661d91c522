"""How often thresholded predictions match binary labels."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.tensors import as_array, operation

from ._function_mean import FunctionMean
from ._shapes import as_float, match_shapes
from ._thresholds import check_number


@operation
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> jax.Array:
    """1 where a prediction lies on the side of the threshold that its label says, else 0.

    Args:
        y_true: labels, 0 or 1, of any shape.
        y_pred: predictions of the same shape.
        threshold: a prediction above it means 1.

    Returns:
        Array of the shape of the labels.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.binary_accuracy([1, 0, 0], [0.7, 0.2, 0.6])
        Array([1., 1., 0.], dtype=float32)
    """
    y_true, y_pred = match_shapes(as_array(y_true), as_float(y_pred))
    predicted = y_pred > jnp.asarray(threshold, y_pred.dtype)
    return (y_true == predicted.astype(y_true.dtype)).astype(config.floatx())


class BinaryAccuracy(FunctionMean):
    """How often predictions above a threshold match binary labels.

    `mean(y_true == (y_pred > threshold))`. `"accuracy"` in `compile` means this where the model
    has one output for each label. For outputs without a sigmoid use `threshold=0.0`.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.
        threshold: a prediction above it means 1.

    Raises:
        ArgumentError: the threshold is no number.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.BinaryAccuracy()
        >>> metric.update_state([[1], [1], [0], [0]], [[0.98], [1.0], [0.0], [0.6]])
        >>> float(metric.result())
        0.75
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        self.threshold = check_number("threshold", threshold)
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)
