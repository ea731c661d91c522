"""Lin's concordance correlation of labels and predictions."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.tensors import operation

from ._function_mean import FunctionMean
from ._shapes import as_float, as_same_dtype, match_shapes


@operation
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """Lin's concordance correlation coefficient along an axis.

    Args:
        y_true: the labels.
        y_pred: the predictions, of the same shape.
        axis: the axis or axes along which values are compared.

    Returns:
        Coefficients between -1 and 1, the axis left out.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).round(4)
        Array([1.], dtype=float32)
    """
    y_true, y_pred = match_shapes(*as_same_dtype(as_float(y_true), as_float(y_pred)))
    y_true_mean = jnp.mean(y_true, axis=axis, keepdims=True)
    y_pred_mean = jnp.mean(y_pred, axis=axis, keepdims=True)
    covariance = jnp.mean((y_true - y_true_mean) * (y_pred - y_pred_mean), axis=axis)
    variances = jnp.var(y_true, axis=axis) + jnp.var(y_pred, axis=axis)
    offset = jnp.square(y_true_mean - y_pred_mean).reshape(covariance.shape)
    return 2 * covariance / (variances + offset + config.epsilon())


class ConcordanceCorrelation(FunctionMean):
    """Lin's concordance correlation coefficient of labels and predictions, averaged over samples.

    `2 · cov(y_true, y_pred) / (var(y_true) + var(y_pred) + (mean(y_true) - mean(y_pred))²)` along
    an axis of each sample. Unlike Pearson's it is 1 only where predictions equal labels.

    Paper: Lin 1989, "A concordance correlation coefficient to evaluate reproducibility".

    Args:
        name: the name in logs.
        dtype: the dtype of the result.
        axis: the axis or axes along which values are compared.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.ConcordanceCorrelation()
        >>> metric.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
        >>> round(float(metric.result()), 4)
        0.9816
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis
