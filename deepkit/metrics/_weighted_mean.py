"""The base of metrics that are a weighted mean over samples."""

from typing import Any

import jax
import jax.numpy as jnp

from ._metric import Metric
from ._numerics import accumulator_dtype, divide_no_nan
from ._samplewise import reduce_samplewise


class WeightedMean(Metric):
    """Abstract base: keeps the weighted `total` of values and the `count` of their weights."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        dtype = accumulator_dtype(self.dtype)
        self.total = self.add_variable((), "zeros", dtype, name="total")
        self.count = self.add_variable((), "zeros", dtype, name="count")

    def _add_values(self, values: Any, sample_weight: Any) -> None:
        """Add values of shape `(batch, ...)`; each sample counts once, whatever its size."""
        values, weight = reduce_samplewise(values, sample_weight, jnp.mean, self.total.dtype)
        self.total.assign_add(jnp.sum(values))
        self.count.assign_add(float(values.size) if weight is None else jnp.sum(weight))

    def result(self) -> jax.Array:
        """The mean so far; 0 before the first value."""
        return divide_no_nan(self.total.value, self.count.value).astype(self.dtype)
