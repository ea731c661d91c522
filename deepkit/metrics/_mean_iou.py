"""Mean intersection over union of all classes."""

from typing import Any

from ._class_overlap import ClassOverlap


class MeanIoU(ClassOverlap):
    """The mean intersection over union of all classes.

    `true_positives / (true_positives + false_positives + false_negatives)` for each class, over
    all pixels or labels of all samples; then the mean over those that occurred. It is the usual
    measure of semantic segmentation.

    Args:
        num_classes: the number of classes.
        name: the name in logs.
        dtype: the dtype of the counts.
        ignore_class: a label that is left out, such as 255 for pixels without one. Labels and
            predictions outside of the classes are left out too.
        sparse_y_true: whether labels are class indices; if not, the argmax is taken.
        sparse_y_pred: whether predictions are class indices; if not, the argmax is taken.
        axis: the axis of that argmax.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.MeanIoU(num_classes=2)
        >>> metric.update_state([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.3, 0.3, 0.3, 0.1])
        >>> round(float(metric.result()), 4)
        0.2381
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )
