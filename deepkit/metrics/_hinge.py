"""The hinge loss of predictions, as a metric."""

from typing import Any

from deepkit.losses import hinge

from ._function_mean import FunctionMean


class Hinge(FunctionMean):
    """The hinge loss of predictions, as a metric.

    `mean(max(1 - y_true · y_pred, 0))`, with labels -1 and 1; labels 0 and 1 are turned into these.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.Hinge()
        >>> metric.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        1.3
    """

    _direction = "down"

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name=name, dtype=dtype)
