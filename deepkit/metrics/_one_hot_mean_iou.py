"""Mean intersection over union of all classes, from one-hot labels."""

from typing import Any

from ._class_overlap import ClassOverlap


class OneHotMeanIoU(ClassOverlap):
    """The mean intersection over union of all classes, from one-hot labels and class scores.

    The argmax is taken of both. See `MeanIoU` for the formula.

    Args:
        num_classes: the number of classes.
        name: the name in logs.
        dtype: the dtype of the counts.
        ignore_class: a class that is left out where it is the label.
        sparse_y_pred: whether predictions are class indices and no scores.
        axis: the axis of the classes.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.OneHotMeanIoU(num_classes=3)
        >>> metric.update_state([[0, 0, 1], [1, 0, 0]], [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])
        >>> float(metric.result())
        0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )
