"""Precision: which part of the positive predictions is right."""

from typing import Any

import jax

from ._confusion_metric import NO_THRESHOLD, ConfusionMetric
from ._numerics import divide_no_nan
from ._thresholds import check_thresholds


class Precision(ConfusionMetric):
    """Which part of the positive predictions is right.

    `true_positives / (true_positives + false_positives)`, over all labels of all samples; 0
    without positive predictions. It matters where false alarms are costly.

    Args:
        thresholds: a number in [0, 1], or several, above which a prediction is positive; 0.5 if
            `None`. Several give one value each. Take 0 for logits.
        top_k: count only the `top_k` highest predictions of a sample as positive; without
            `thresholds` all of them.
        class_id: look at this class alone.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: a threshold, `top_k` or `class_id` is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.Precision()
        >>> metric.update_state([0, 1, 1, 1], [0.9, 0.2, 0.7, 0.8])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    _direction = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if thresholds is None and top_k is not None:
            limits = [NO_THRESHOLD]
        else:
            limits = check_thresholds(0.5 if thresholds is None else thresholds)
        super().__init__(limits, top_k=top_k, class_id=class_id, name=name, dtype=dtype)
        self.true_positives = self._add_counter("true_positives")
        self.false_positives = self._add_counter("false_positives")

    def result(self) -> jax.Array:
        """The precision so far: a scalar, or one for each threshold."""
        true_positives = self.true_positives.value
        predicted = true_positives + self.false_positives.value
        return self._of_thresholds(divide_no_nan(true_positives, predicted))
