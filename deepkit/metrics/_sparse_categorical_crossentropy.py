"""The cross-entropy of class indices and predicted distributions."""

from typing import Any

from deepkit.losses import sparse_categorical_crossentropy

from ._function_mean import FunctionMean


class SparseCategoricalCrossentropy(FunctionMean):
    """The cross-entropy of class indices and predicted distributions.

    `-log(y_pred[y_true])` for each sample, then the mean.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.
        from_logits: whether predictions are logits and no probabilities.
        ignore_class: a label that does not count, such as 255 for pixels without one.
        axis: the axis of the classes.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.SparseCategoricalCrossentropy()
        >>> metric.update_state([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
        >>> round(float(metric.result()), 4)
        1.1769
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
