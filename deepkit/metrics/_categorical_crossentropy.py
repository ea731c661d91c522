"""The cross-entropy of one-hot labels and predicted distributions."""

from typing import Any

from deepkit.losses import categorical_crossentropy

from ._function_mean import FunctionMean
from ._thresholds import check_fraction


class CategoricalCrossentropy(FunctionMean):
    """The cross-entropy of one-hot labels and predicted distributions.

    `-sum(y_true · log(y_pred))` for each sample, then the mean.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.
        from_logits: whether predictions are logits and no probabilities.
        label_smoothing: how far labels are moved toward equal probabilities, in [0, 1].
        axis: the axis of the classes.

    Raises:
        ArgumentError: `label_smoothing` is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.CategoricalCrossentropy()
        >>> metric.update_state([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
        >>> round(float(metric.result()), 4)
        1.1769
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = check_fraction("label_smoothing", label_smoothing)
        self.axis = axis
