"""The weighted mean of values."""

from typing import Any

from ._weighted_mean import WeightedMean


class Mean(WeightedMean):
    """The (weighted) mean of all values seen.

    `sum(values * sample_weight) / sum(sample_weight)`; values with more than one axis are first
    averaged for each sample. It is 0 before the first value.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.Mean()
        >>> metric.update_state([1.0, 3.0, 5.0])
        >>> metric.update_state([7.0])
        >>> float(metric.result())
        4.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Args:
            values: shape `(batch, ...)`, or a scalar.
            sample_weight: weights of the shape of the first axes of `values`.
        """
        self._add_values(values, sample_weight)
