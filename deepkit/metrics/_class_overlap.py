"""The base of the intersection-over-union metrics."""

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config
from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array

from ._confusion_matrix import confusion_matrix, mean_overlap
from ._metric import Metric, updates_as
from ._numerics import accumulator_dtype
from ._shapes import broadcast_weights, match_shapes, weights_with_mask


class ClassOverlap(Metric):
    """Abstract base: a confusion matrix, and the mean overlap of some of its classes."""

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any = None,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        # Counts are floats: integers would cut off fractional weights and overflow on large images.
        super().__init__(name=name, dtype=dtype)
        if isinstance(num_classes, bool) or not hasattr(num_classes, "__index__"):
            raise ArgumentError(
                f"Expected `num_classes` to be an integer, received {num_classes!r}."
            )
        self.num_classes = int(num_classes)
        if target_class_ids is None:
            target_class_ids = range(self.num_classes)
        self.target_class_ids = _check_class_ids(target_class_ids, self.num_classes)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        shape = (self.num_classes, self.num_classes)
        dtype = accumulator_dtype(self.dtype)
        self.total_cm = self.add_variable(shape, "zeros", dtype, name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: the labels.
            y_pred: the predictions.
            sample_weight: one weight for each sample, or for each label.

        Raises:
            ShapeError: labels, predictions and weights do not fit each other.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        labels = self._class_indices(y_true, self.sparse_y_true)
        predicted = self._class_indices(y_pred, self.sparse_y_pred)
        self._add_pairs(labels, predicted, sample_weight)

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """None but the samples; see `Metric`."""
        return [] if updates_as(self, ClassOverlap) else None

    def _class_indices(self, values: Any, is_sparse: bool) -> jax.Array:
        values = as_array(values)
        if not is_sparse:
            values = jnp.argmax(values, axis=self.axis)
        return values.astype("int32")

    def _add_pairs(self, labels: jax.Array, predicted: jax.Array, sample_weight: Any) -> None:
        labels, predicted = match_shapes(labels, predicted)
        weights = jnp.ones(labels.shape, config.floatx())
        if sample_weight is not None:
            weights = broadcast_weights(sample_weight, labels.shape, config.floatx())
        if self.ignore_class is not None:
            weights = jnp.where(labels == self.ignore_class, 0, weights)
        self.total_cm.assign_add(confusion_matrix(labels, predicted, self.num_classes, weights))

    def result(self) -> jax.Array:
        """The mean overlap so far, of those target classes that occurred at all."""
        matrix = self.total_cm.value.astype(config.floatx())
        return mean_overlap(matrix, np.asarray(self.target_class_ids))


def _check_class_ids(class_ids: Any, num_classes: int) -> list[int]:
    """Class indices as a list.

    Raises:
        ArgumentError: there are none, or some are no classes.
    """
    found = list(class_ids) if isinstance(class_ids, Iterable) else [class_ids]
    if not found or any(not 0 <= class_id < num_classes for class_id in found):
        raise ArgumentError(
            f"Expected `target_class_ids` to be a list of indices of the {num_classes} classes, "
            f"received {class_ids!r}."
        )
    return [int(class_id) for class_id in found]
