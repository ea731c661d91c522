"""The base of the metrics that report one of the four counts."""

from typing import Any

import jax

from ._confusion_metric import ConfusionMetric
from ._thresholds import check_thresholds


class ConfusionCount(ConfusionMetric):
    """Abstract base: reports one count at each of its thresholds."""

    def __init__(
        self, count: str, thresholds: Any = None, name: str | None = None, dtype: Any = None
    ) -> None:
        limits = check_thresholds(0.5 if thresholds is None else thresholds)
        super().__init__(limits, name=name, dtype=dtype)
        self.accumulator = self._add_counter(count, name="accumulator")

    def result(self) -> jax.Array:
        """The count so far: a scalar, or one for each threshold."""
        return self._of_thresholds(self.accumulator.value)
