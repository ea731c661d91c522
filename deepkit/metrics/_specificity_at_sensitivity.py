"""The best specificity that some threshold gives together with a least sensitivity."""

from typing import Any

import jax

from ._constrained_optimum import ConstrainedOptimum


class SpecificityAtSensitivity(ConstrainedOptimum):
    """The best specificity that some threshold gives together with a least sensitivity.

    Specificity is `true_negatives / (true_negatives + false_positives)`, sensitivity
    `true_positives / (true_positives + false_negatives)`. Both are worked out at many thresholds;
    0 is reported if none is sensitive enough.

    Args:
        sensitivity: the least sensitivity, in [0, 1].
        num_thresholds: how many evenly spaced thresholds from 0 to 1 are tried.
        class_id: look at this class alone.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: `sensitivity`, `num_thresholds` or `class_id` is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.SpecificityAtSensitivity(0.5)
        >>> metric.update_state([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("sensitivity", sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def _rates(self) -> tuple[jax.Array, jax.Array]:
        return self._sensitivity(), self._specificity()
