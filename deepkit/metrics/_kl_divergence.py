"""The Kullback-Leibler divergence of predicted from true distributions."""

from typing import Any

from deepkit.losses import kl_divergence

from ._function_mean import FunctionMean


class KLDivergence(FunctionMean):
    """The Kullback-Leibler divergence of predicted from true distributions.

    `sum(y_true · log(y_true / y_pred))`, both clipped to [ε, 1]. It is 0 where they are equal.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.KLDivergence()
        >>> metric.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        0.4581
    """

    _direction = "down"

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name=name, dtype=dtype)
