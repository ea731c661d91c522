"""The base of the F-scores."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError, StateError
from deepkit.tensors import as_array

from ._metric import Metric, updates_as
from ._numerics import accumulator_dtype
from ._shapes import broadcast_weights, weights_with_mask

_AVERAGES = (None, "micro", "macro", "weighted")
# A row of zeros has no highest class.
_SMALLEST_SCORE = 1e-9


class FScore(Metric):
    """Abstract base: counts for each class, or for all, and the F-score of these counts."""

    _direction = "up"

    def __init__(
        self,
        average: str | None,
        beta: float,
        threshold: float | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ArgumentError(
                f"Expected `average` to be one of {_AVERAGES}, received {average!r}."
            )
        if not isinstance(beta, float) or beta <= 0:
            raise ArgumentError(f"Expected `beta` to be a float above 0, received {beta!r}.")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ArgumentError(
                f"Expected `threshold` to be a float in (0, 1] or None, received {threshold!r}."
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._num_classes: int | None = None

    def _build(self, num_classes: int) -> None:
        self._num_classes = num_classes
        shape = () if self.average == "micro" else (num_classes,)
        self.true_positives = self._add_counter(shape, "true_positives")
        self.false_positives = self._add_counter(shape, "false_positives")
        self.false_negatives = self._add_counter(shape, "false_negatives")
        self.intermediate_weights = self._add_counter(shape, "intermediate_weights")

    def _add_counter(self, shape: tuple[int, ...], name: str) -> Any:
        return self.add_variable(shape, "zeros", accumulator_dtype(self.dtype), name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels, 0 or 1, shape `(batch, num_classes)`.
            y_pred: scores of the same shape.
            sample_weight: one weight for each sample, or for each score.

        Raises:
            ShapeError: labels, scores and weights do not fit each other.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        y_true, y_pred = as_array(y_true, self.dtype), as_array(y_pred, self.dtype)
        self._prepare(y_true.shape, y_pred.shape)
        predicted = self._is_positive(y_pred).astype(self.dtype)
        weights = jnp.ones_like(y_true)
        if sample_weight is not None:
            weights = broadcast_weights(sample_weight, y_true.shape, self.dtype)
        axis = None if self.average == "micro" else 0
        for counter, values in (
            (self.true_positives, predicted * y_true),
            (self.false_positives, predicted * (1 - y_true)),
            (self.false_negatives, (1 - predicted) * y_true),
            (self.intermediate_weights, y_true),
        ):
            counter.assign_add(jnp.sum(values * weights, axis=axis))

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """None but the samples; see `Metric`."""
        return [] if updates_as(self, FScore) else None

    def _prepare(self, y_true_shape: tuple[int, ...], y_pred_shape: tuple[int, ...]) -> None:
        """Check the shapes, and make the counters at the first batch."""
        if len(y_pred_shape) != 2 or y_true_shape != y_pred_shape:
            raise ShapeError(
                f"Expected `y_true` and `y_pred` of the same shape (batch, num_classes), "
                f"received {y_true_shape} and {y_pred_shape}. For class indices, take "
                f"`deepkit.ops.one_hot` of the labels first."
            )
        if self._num_classes is None:
            self._build(y_pred_shape[1])
        if y_pred_shape[1] != self._num_classes:
            raise ShapeError(
                f"Expected scores of {self._num_classes} classes as in the first batch, "
                f"received `y_pred` of shape {y_pred_shape}."
            )

    def _is_positive(self, y_pred: jax.Array) -> jax.Array:
        """Scores above the threshold; without one the highest of each row."""
        if self.threshold is not None:
            return y_pred > self.threshold
        highest = jnp.max(y_pred, axis=-1, keepdims=True)
        return (y_pred >= highest) & (jnp.abs(y_pred) > _SMALLEST_SCORE)

    def result(self) -> jax.Array:
        """The score so far: a scalar, or one for each class without `average`.

        Raises:
            StateError: there was no batch yet.
        """
        if self._num_classes is None:
            raise StateError(
                f"The metric '{self.name}' learns its number of classes from the first batch. "
                f"Call `update_state` before `result`."
            )
        epsilon = config.epsilon()
        true_positives = self.true_positives.value
        precision = true_positives / (true_positives + self.false_positives.value + epsilon)
        recall = true_positives / (true_positives + self.false_negatives.value + epsilon)
        squared = self.beta**2
        score = (1 + squared) * (precision * recall / (squared * precision + recall + epsilon))
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            score = jnp.sum(score * (weights / (jnp.sum(weights) + epsilon)))
        elif self.average is not None:
            score = jnp.mean(score)
        return score.astype(self.dtype)
