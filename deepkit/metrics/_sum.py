"""The weighted sum of values."""

from typing import Any

import jax
import jax.numpy as jnp

from ._metric import Metric
from ._numerics import accumulator_dtype
from ._samplewise import reduce_samplewise


class Sum(Metric):
    """The (weighted) sum of all values seen.

    `sum(values * sample_weight)`. Use it for totals, such as the number of tokens of an epoch.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.Sum()
        >>> metric.update_state([1.0, 3.0])
        >>> metric.update_state([5.0, 7.0], sample_weight=[1.0, 0.0])
        >>> float(metric.result())
        9.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", accumulator_dtype(self.dtype), name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Args:
            values: shape `(batch, ...)`, or a scalar.
            sample_weight: weights of the shape of the first axes of `values`.
        """
        values, _ = reduce_samplewise(values, sample_weight, jnp.sum, self.total.dtype)
        self.total.assign_add(jnp.sum(values))

    def result(self) -> jax.Array:
        """The sum so far."""
        return self.total.value.astype(self.dtype)
