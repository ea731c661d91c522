"""The mean squared error of logarithms."""

from typing import Any

from deepkit.losses import mean_squared_logarithmic_error

from ._function_mean import FunctionMean


class MeanSquaredLogarithmicError(FunctionMean):
    """The mean squared error of logarithms.

    `mean((log(1 + y_true) - log(1 + y_pred))²)`, with both cut off at ε from below. Use it for
    labels of at least 0 that span magnitudes.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.MeanSquaredLogarithmicError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> round(float(metric.result()), 4)
        0.1201
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, name=name, dtype=dtype)
