"""The mean logarithm of the hyperbolic cosine of the error."""

from typing import Any

from deepkit.losses import log_cosh

from ._function_mean import FunctionMean


class LogCoshError(FunctionMean):
    """The mean logarithm of the hyperbolic cosine of the error.

    `mean(log(cosh(y_pred - y_true)))`: about half the squared error where it is small, and the
    absolute error less log 2 where it is large.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.LogCoshError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> round(float(metric.result()), 4)
        0.1084
    """

    _direction = "down"

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name=name, dtype=dtype)
