"""The F1 score: the harmonic mean of precision and recall."""

from typing import Any

from ._f_score import FScore


class F1Score(FScore):
    """The F1 score: the harmonic mean of precision and recall.

    `2 · precision · recall / (precision + recall)`, between 0 and 1. It serves one-hot labels with
    several classes and several labels for each sample, and is fairer than accuracy to rare ones.

    Args:
        average: `None` for one score for each class; `"micro"`: of the counts of all classes
            together; `"macro"`: the mean over classes; `"weighted"`: the mean over classes,
            weighted by how often each is labelled.
        threshold: scores above it are positive; a float in (0, 1]. `None`: the highest of each row.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: an argument is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.F1Score(average="macro", threshold=0.5)
        >>> metric.update_state([[1, 1], [1, 0]], [[0.2, 0.6], [0.7, 0.6]])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
