"""The Poisson loss of predicted rates, as a metric."""

from typing import Any

from deepkit.losses import poisson

from ._function_mean import FunctionMean


class Poisson(FunctionMean):
    """The Poisson loss of predicted rates, as a metric.

    `mean(y_pred - y_true · log(y_pred + ε))`: the negative log-likelihood of counts, up to a
    constant.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.Poisson()
        >>> metric.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])
        >>> round(float(metric.result()), 4)
        0.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name=name, dtype=dtype)
