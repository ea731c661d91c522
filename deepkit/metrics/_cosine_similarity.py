"""The cosine of the angle between labels and predictions."""

from typing import Any

import jax

from deepkit import losses
from deepkit.tensors import operation

from ._function_mean import FunctionMean


@operation
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """The cosine of the angle between vectors along an axis; the loss of this name negated."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(FunctionMean):
    """The cosine of the angle between labels and predictions.

    `sum(y_true / ‖y_true‖ · y_pred / ‖y_pred‖)`: 1 for the same direction, 0 for orthogonal
    vectors, -1 for opposite ones. The loss of this name has the other sign.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.
        axis: the axis of the vectors.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.CosineSimilarity()
        >>> metric.update_state([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]])
        >>> round(float(metric.result()), 4)
        0.5
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(cosine_similarity, name=name, dtype=dtype, axis=axis)
        self.axis = axis
