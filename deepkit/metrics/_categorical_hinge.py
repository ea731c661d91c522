"""The hinge loss over classes, as a metric."""

from typing import Any

from deepkit.losses import categorical_hinge

from ._function_mean import FunctionMean


class CategoricalHinge(FunctionMean):
    """The hinge loss over classes, as a metric.

    `max(1 + max((1 - y_true) · y_pred) - sum(y_true · y_pred), 0)` with one-hot labels.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.CategoricalHinge()
        >>> metric.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        1.4
    """

    _direction = "down"

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name=name, dtype=dtype)
