"""The base of metrics that are the mean of a function of labels and predictions."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import tree, user_code
from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array

from ._metric import updates_as
from ._shapes import broadcast_weights, weights_with_mask
from ._weighted_mean import WeightedMean


class FunctionMean(WeightedMean):
    """Abstract base: the weighted mean of `fn(y_true, y_pred, **options)` over samples."""

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_options = options

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: the labels.
            y_pred: the predictions.
            sample_weight: one weight for each sample, or for each value that the function returns.

        Raises:
            ShapeError: labels, predictions and weights do not fit each other.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        values = self._values(y_true, y_pred)
        if values.ndim == 0:
            sample_weight = self._weight_of_batch(y_pred, sample_weight)
        valid = self._valid_entries(y_true, values)
        if valid is not None:
            weights = 1.0 if sample_weight is None else sample_weight
            weights = broadcast_weights(weights, values.shape, self.total.dtype)
            sample_weight = jnp.where(valid, weights, 0)
        self._add_values(values, sample_weight)

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """What the function gives; see `Metric`."""
        return [self._values(y_true, y_pred)] if updates_as(self, FunctionMean) else None

    def _values(self, y_true: Any, y_pred: Any) -> jax.Array:
        function = user_code.prepared(self._fn)
        return as_array(function(y_true, _widened(y_pred), **self._fn_options))

    def _valid_entries(self, y_true: Any, values: jax.Array) -> jax.Array | None:
        """Which values count, where the function is a loss that leaves out labels; else `None`."""
        valid_entries = getattr(getattr(self._fn, "loss_traits", None), "valid_entries", None)
        return None if valid_entries is None else valid_entries(y_true, values, **self._fn_options)

    def _weight_of_batch(self, y_pred: Any, sample_weight: Any) -> float:
        """How much the value of a whole batch counts: as much as the batch has samples."""
        if sample_weight is not None:
            raise ShapeError(
                f"Expected the function of the metric '{self.name}' to return one value for each "
                f"sample, because `sample_weight` or a mask is given; received a scalar. Leave out "
                f"the mean over the first axis."
            )
        shapes = [getattr(leaf, "shape", ()) for leaf in tree.flatten(y_pred)]
        sizes = [shape[0] for shape in shapes if shape] or as_array(y_pred).shape or (1,)
        return float(sizes[0])


def _widened(y_pred: Any) -> Any:
    """Predictions of half precision in float32, so that values are not rounded before the mean."""
    if str(getattr(y_pred, "dtype", "")) in ("float16", "bfloat16"):
        return as_array(y_pred, "float32")
    return y_pred
