"""How often predictions equal labels."""

from typing import Any

import jax

from deepkit.core import config
from deepkit.tensors import operation

from ._function_mean import FunctionMean
from ._shapes import as_same_dtype, match_shapes


@operation
def accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where `y_true` equals `y_pred`, else 0."""
    y_true, y_pred = match_shapes(*as_same_dtype(y_true, y_pred))
    return (y_true == y_pred).astype(config.floatx())


class Accuracy(FunctionMean):
    """How often predictions equal labels exactly.

    `mean(y_true == y_pred)`. Use it for predicted class indices; for probabilities or scores take
    `BinaryAccuracy`, `CategoricalAccuracy` or `SparseCategoricalAccuracy`.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.Accuracy()
        >>> metric.update_state([1, 2, 3, 4], [0, 2, 3, 4])
        >>> float(metric.result())
        0.75
    """

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name=name, dtype=dtype)
