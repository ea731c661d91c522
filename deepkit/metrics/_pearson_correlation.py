"""Pearson's correlation of labels and predictions."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._function_mean import FunctionMean
from ._shapes import as_float, as_same_dtype, match_shapes


@operation
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """Pearson's correlation coefficient along an axis.

    Args:
        y_true: the labels.
        y_pred: the predictions, of the same shape.
        axis: the axis or axes along which values are compared.

    Returns:
        Coefficients between -1 and 1, the axis left out; NaN where values do not vary.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).round(4)
        Array([1.], dtype=float32)
    """
    y_true, y_pred = match_shapes(*as_same_dtype(as_float(y_true), as_float(y_pred)))
    y_true = y_true - jnp.mean(y_true, axis=axis, keepdims=True)
    y_pred = y_pred - jnp.mean(y_pred, axis=axis, keepdims=True)
    y_true = y_true / jnp.std(y_true, axis=axis, keepdims=True)
    y_pred = y_pred / jnp.std(y_pred, axis=axis, keepdims=True)
    return jnp.mean(y_true * y_pred, axis=axis)


class PearsonCorrelation(FunctionMean):
    """Pearson's correlation coefficient of labels and predictions, averaged over samples.

    `cov(y_true, y_pred) / (std(y_true) · std(y_pred))` along an axis of each sample: 1 and -1 for
    a linear relation, 0 for none. It does not mind a wrong offset or scale of the predictions.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.
        axis: the axis or axes along which values are compared.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.PearsonCorrelation()
        >>> metric.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
        >>> round(float(metric.result()), 4)
        0.9967
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis
