"""Intersection over union of two classes, from scores and a threshold."""

from typing import Any

from ._class_overlap import ClassOverlap
from ._shapes import as_float, weights_with_mask
from ._thresholds import check_number


class BinaryIoU(ClassOverlap):
    """The mean intersection over union of two classes, from one score for each label.

    A score of at least `threshold` means class 1. See `IoU` for the formula.

    Args:
        target_class_ids: the classes whose overlap is reported: `[0]`, `[1]` or `[0, 1]`.
        threshold: scores of at least this mean class 1.
        name: the name in logs.
        dtype: the dtype of the counts.

    Raises:
        ArgumentError: a target is neither 0 nor 1, or the threshold is no number.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.BinaryIoU(threshold=0.3)
        >>> metric.update_state([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
        >>> round(float(metric.result()), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Any = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = check_number("threshold", threshold)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels, 0 or 1.
            y_pred: scores of the same shape.
            sample_weight: one weight for each sample, or for each label.

        Raises:
            ShapeError: labels, scores and weights do not fit each other.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        predicted = (as_float(y_pred) >= self.threshold).astype("int32")
        self._add_pairs(self._class_indices(y_true, True), predicted, sample_weight)
