"""The mean absolute error in percent of the labels."""

from typing import Any

from deepkit.losses import mean_absolute_percentage_error

from ._function_mean import FunctionMean


class MeanAbsolutePercentageError(FunctionMean):
    """The mean absolute error in percent of the labels.

    `100 · mean(|y_true - y_pred| / max(|y_true|, ε))`. Use it where errors matter in proportion; it
    explodes where labels are near 0.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.MeanAbsolutePercentageError()
        >>> metric.update_state([[2.0, 4.0]], [[1.0, 5.0]])
        >>> round(float(metric.result()), 4)
        37.5
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, name=name, dtype=dtype)
