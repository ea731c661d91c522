"""The base of metrics made from true and false positives and negatives."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import Variable, as_array

from ._class_scores import check_k
from ._confusion_counts import confusion_counts
from ._metric import Metric, updates_as
from ._numerics import accumulator_dtype
from ._shapes import broadcast_weights, match_shapes, weights_with_mask

# Below every score that is kept by `top_k`, above those that are not.
NO_THRESHOLD = -1e10


class ConfusionMetric(Metric):
    """Abstract base: keeps some of the counts at each of its thresholds.

    `_counters` maps names of counts (`"true_positives"`) to the variables that sum them up.
    """

    def __init__(
        self,
        thresholds: Sequence[float],
        *,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.thresholds = list(thresholds)
        self.top_k = None if top_k is None else check_k(top_k)
        self.class_id = _check_class_id(class_id)
        self._counters: dict[str, Variable] = {}

    def _add_counter(self, count: str, name: str | None = None) -> Variable:
        dtype = accumulator_dtype(config.floatx())
        counter = self.add_variable((len(self.thresholds),), "zeros", dtype, name=name or count)
        self._counters[count] = counter
        return counter

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels; what is not 0 is positive.
            y_pred: predictions of the same shape.
            sample_weight: one weight for each sample, or for each prediction.

        Raises:
            ShapeError: labels, predictions and weights do not fit each other.
            ArgumentError: the predictions have fewer classes than `class_id` or `top_k` asks for.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        dtype = next(iter(self._counters.values())).dtype
        y_true, y_pred = match_shapes(as_array(y_true), as_array(y_pred).astype(dtype))
        weights = jnp.ones_like(y_pred)
        if sample_weight is not None:
            weights = broadcast_weights(sample_weight, y_pred.shape, dtype)
        if self.top_k is not None:
            y_pred = self._keep_top_k(y_pred)
        if self.class_id is not None:
            y_true, y_pred, weights = self._select_class(y_true, y_pred, weights)
        counts = confusion_counts(y_true, y_pred, np.asarray(self.thresholds), weights)
        for count, counter in self._counters.items():
            counter.assign_add(getattr(counts, count))

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """None but the samples; see `Metric`."""
        return [] if updates_as(self, ConfusionMetric) else None

    def _keep_top_k(self, y_pred: jax.Array) -> jax.Array:
        """The `top_k` highest scores of the last axis; the others are below every threshold."""
        num_classes = y_pred.shape[-1] if y_pred.ndim else 0
        if self.top_k > num_classes:
            raise ArgumentError(
                f"Expected predictions with at least `top_k` = {self.top_k} classes on the last "
                f"axis, received `y_pred` of shape {y_pred.shape}."
            )
        _, best = jax.lax.top_k(y_pred, self.top_k)
        is_kept = jnp.any(best[..., None] == jnp.arange(num_classes), axis=-2)
        return jnp.where(is_kept, y_pred, -jnp.inf)

    def _select_class(self, *arrays: jax.Array) -> tuple[jax.Array, ...]:
        """The slice of one class, its axis kept."""
        shape = arrays[0].shape
        if len(shape) < 2:
            raise ShapeError(
                f"Expected `y_pred` of shape (num_samples, num_classes), because `class_id` is "
                f"given; received shape {shape}."
            )
        if self.class_id >= shape[-1]:
            raise ArgumentError(
                f"Expected `class_id` to be one of the {shape[-1]} classes on the last axis of "
                f"`y_pred`, received {self.class_id}."
            )
        return tuple(array[..., self.class_id, None] for array in arrays)

    def _of_thresholds(self, values: jax.Array) -> jax.Array:
        """A value for each threshold; a single one is a scalar."""
        return values[0] if len(self.thresholds) == 1 else values


def _check_class_id(class_id: Any) -> Any:
    if class_id is None:
        return None
    if isinstance(class_id, bool) or not hasattr(class_id, "__index__") or int(class_id) < 0:
        raise ArgumentError(
            f"Expected `class_id` to be an integer of at least 0, or None, received {class_id!r}."
        )
    return int(class_id)
