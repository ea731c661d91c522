"""The best recall that some threshold gives together with a least precision."""

from typing import Any

import jax

from ._constrained_optimum import ConstrainedOptimum


class RecallAtPrecision(ConstrainedOptimum):
    """The best recall that some threshold gives together with a least precision.

    Recall is `true_positives / (true_positives + false_negatives)`, precision
    `true_positives / (true_positives + false_positives)`. Both are worked out at many thresholds;
    0 is reported if the precision is never reached.

    Args:
        precision: the least precision, in [0, 1].
        num_thresholds: how many evenly spaced thresholds from 0 to 1 are tried.
        class_id: look at this class alone.
        name: the name in logs.
        dtype: the dtype of the result.

    Raises:
        ArgumentError: `precision`, `num_thresholds` or `class_id` is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.RecallAtPrecision(0.5)
        >>> metric.update_state([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
        >>> round(float(metric.result()), 4)
        1.0
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("precision", precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def _rates(self) -> tuple[jax.Array, jax.Array]:
        return self._precision(), self._sensitivity()
