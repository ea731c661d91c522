"""The best sensitivity that some threshold gives together with a least specificity."""

from typing import Any

import jax

from ._constrained_optimum import ConstrainedOptimum


class SensitivityAtSpecificity(ConstrainedOptimum):
    """The best sensitivity that some threshold gives together with a least specificity.

    Sensitivity is `true_positives / (true_positives + false_negatives)`, specificity
    `true_negatives / (true_negatives + false_positives)`. Both are worked out at many thresholds;
    0 is reported if none is specific enough.

    Args:
        specificity: the least specificity, in [0, 1].
        num_thresholds: how many evenly spaced thresholds from 0 to 1 are tried.
        class_id: look at this class alone.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: `specificity`, `num_thresholds` or `class_id` is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.SensitivityAtSpecificity(0.5)
        >>> metric.update_state([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
        >>> round(float(metric.result()), 4)
        0.5
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("specificity", specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def _rates(self) -> tuple[jax.Array, jax.Array]:
        return self._specificity(), self._sensitivity()
