"""The root of the mean squared error of predictions."""

from typing import Any

import jax
import jax.numpy as jnp

from ._metric import updates_as
from ._shapes import as_float, match_shapes, weights_with_mask
from ._weighted_mean import WeightedMean


class RootMeanSquaredError(WeightedMean):
    """The root of the mean squared error of predictions.

    `sqrt(mean((y_true - y_pred)²))` over all samples seen, in the unit of the labels. The root is
    taken last, so it is that of the whole and no mean of the roots of batches.

    Args:
        name: the name in logs.
        dtype: the dtype of the result.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.RootMeanSquaredError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: the labels.
            y_pred: the predictions, of the same shape.
            sample_weight: one weight for each sample, or for each label.

        Raises:
            ShapeError: labels, predictions and weights do not fit each other.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        dtype = self.total.dtype
        y_true, y_pred = match_shapes(
            as_float(y_true).astype(dtype), as_float(y_pred).astype(dtype)
        )
        self._add_values(jnp.square(y_pred - y_true), sample_weight)

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """None but the samples; see `Metric`."""
        return [] if updates_as(self, RootMeanSquaredError) else None

    def result(self) -> jax.Array:
        """The root of the mean so far."""
        return jnp.sqrt(super().result())
