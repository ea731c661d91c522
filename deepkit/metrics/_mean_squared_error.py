"""The mean squared error of predictions."""

from typing import Any

from deepkit.losses import mean_squared_error

from ._function_mean import FunctionMean


class MeanSquaredError(FunctionMean):
    """The mean squared error of predictions.

    `mean((y_true - y_pred)²)`. Large errors weigh most; its unit is the square of that of
    the labels.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.MeanSquaredError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> round(float(metric.result()), 4)
        0.25
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name=name, dtype=dtype)
