"""The mean absolute error of predictions."""

from typing import Any

from deepkit.losses import mean_absolute_error

from ._function_mean import FunctionMean


class MeanAbsoluteError(FunctionMean):
    """The mean absolute error of predictions.

    `mean(|y_true - y_pred|)`, in the unit of the labels; less moved by outliers than the squared
    error.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.MeanAbsoluteError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> round(float(metric.result()), 4)
        0.25
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name=name, dtype=dtype)
