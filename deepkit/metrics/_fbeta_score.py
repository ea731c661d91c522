"""The F-beta score: a weighted harmonic mean of precision and recall."""

from typing import Any

from ._f_score import FScore


class FBetaScore(FScore):
    """The F-beta score: a harmonic mean of precision and recall, recall `beta` times as important.

    `(1 + beta²) · precision · recall / (beta² · precision + recall)`, between 0 and 1. It serves
    one-hot labels with several classes and several labels for each sample.

    Args:
        average: `None` for one score for each class; `"micro"`: of the counts of all classes
            together; `"macro"`: the mean over classes; `"weighted"`: the mean over classes,
            weighted by how often each is labelled.
        beta: how much more recall counts than precision; a float above 0.
        threshold: scores above it are positive; a float in (0, 1]. `None`: the highest of each row.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: an argument is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.FBetaScore(average="micro", beta=2.0, threshold=0.5)
        >>> metric.update_state([[1, 1], [1, 0]], [[0.2, 0.6], [0.7, 0.6]])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, beta, threshold, name, dtype)
