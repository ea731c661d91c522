"""Intersection over union of chosen classes, from one-hot labels."""

from typing import Any

from ._class_overlap import ClassOverlap


class OneHotIoU(ClassOverlap):
    """The mean intersection over union of chosen classes, from one-hot labels and class scores.

    The argmax is taken of both. See `IoU` for the formula.

    Args:
        num_classes: the number of classes.
        target_class_ids: the classes whose overlap is reported.
        name: the name in logs.
        dtype: the dtype of the counts.
        ignore_class: a class that is left out where it is the label.
        sparse_y_pred: whether predictions are class indices and no scores.
        axis: the axis of the classes.

    Raises:
        ArgumentError: a target is none of the classes.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.OneHotIoU(num_classes=3, target_class_ids=[0, 2])
        >>> metric.update_state([[0, 0, 1], [1, 0, 0]], [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])
        >>> float(metric.result())
        0.25
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes,
            target_class_ids,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )
