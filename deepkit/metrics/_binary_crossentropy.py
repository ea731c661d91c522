"""The cross-entropy of binary labels and predicted probabilities."""

from typing import Any

from deepkit.losses import binary_crossentropy

from ._function_mean import FunctionMean
from ._thresholds import check_fraction


class BinaryCrossentropy(FunctionMean):
    """The cross-entropy of binary labels and predicted probabilities.

    `-mean(y_true · log(y_pred) + (1 - y_true) · log(1 - y_pred))`.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.
        from_logits: whether predictions are logits and no probabilities.
        label_smoothing: how far labels are moved toward 0.5, in [0, 1]: 0.2 makes 0.1 and 0.9 of
            0 and 1.

    Raises:
        ArgumentError: `label_smoothing` is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.BinaryCrossentropy()
        >>> metric.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        0.8149
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits
        self.label_smoothing = check_fraction("label_smoothing", label_smoothing)
