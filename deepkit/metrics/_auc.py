"""The area under the ROC, the precision-recall, or the precision-recall-gain curve."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError, StateError
from deepkit.tensors import Variable, as_array

from ._confusion_counts import ConfusionCounts, confusion_counts
from ._curve_area import area_under_curve
from ._metric import Metric, updates_as
from ._numerics import accumulator_dtype, divide_no_nan
from ._shapes import as_float, broadcast_weights, match_shapes, weights_with_mask
from ._thresholds import check_thresholds, even_thresholds

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "minoring", "majoring")


class AUC(Metric):
    """The area under a curve of how well scores rank positives above negatives.

    `"ROC"` draws the true positive rate over the false positive rate: 1 is a perfect ranking, 0.5
    a random one. `"PR"` draws precision over recall and says more where positives are rare.
    `"PRGAIN"` draws precision gain over recall gain, whose area may be averaged and compared.

    Predictions are counted in the buckets between thresholds, so the area of a stream is exact up
    to the width of a bucket. Scores that crowd into few buckets need more thresholds, or
    thresholds of your own.

    Papers: Davis and Goadrich 2006, "The relationship between precision-recall and ROC curves"
    (interpolation of `"PR"`); Flach and Kull 2015, "Precision-recall-gain curves".

    Args:
        num_thresholds: how many thresholds, evenly spaced from 0 to 1; at least 2.
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: how the area between two thresholds is taken: `"interpolation"`, or
            its lower (`"minoring"`) or upper (`"majoring"`) bound.
        name: the name in logs.
        dtype: the dtype of the result.
        thresholds: numbers in [0, 1] to use instead; both ends are added to them.
        multi_label: take the area for each label, the last of two axes, and average them;
            otherwise all labels are counted together.
        num_labels: the number of labels with `multi_label`; learned from the first batch if `None`.
        label_weights: with `multi_label` the weights in that average, else a weight for the
            predictions of each label.
        from_logits: whether predictions are logits, so that a sigmoid is applied first.

    Raises:
        ArgumentError: an argument is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.AUC(num_thresholds=3)
        >>> metric.update_state([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
        >>> float(metric.result())
        0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.thresholds = _with_ends(num_thresholds, thresholds)
        self.num_thresholds = len(self.thresholds)
        self.curve = _choice("curve", curve, _CURVES)
        self.summation_method = _choice("summation_method", summation_method, _SUMMATIONS)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = _check_label_weights(label_weights)
        self.from_logits = from_logits
        self._counters: ConfusionCounts | None = None
        if num_labels and not multi_label:
            raise ArgumentError(
                f"Expected `num_labels` only together with `multi_label=True`, "
                f"received num_labels={num_labels!r}."
            )
        if num_labels or not multi_label:
            self._build(num_labels)

    def _build(self, num_labels: int | None) -> None:
        """Make the counters; the number of labels is `None` where they are counted together."""
        shape = (self.num_thresholds,) if num_labels is None else (self.num_thresholds, num_labels)
        self.true_positives = self._add_counter("true_positives", shape)
        self.false_positives = self._add_counter("false_positives", shape)
        self.true_negatives = self._add_counter("true_negatives", shape)
        self.false_negatives = self._add_counter("false_negatives", shape)
        self._counters = ConfusionCounts(
            self.true_positives, self.false_positives, self.true_negatives, self.false_negatives
        )

    def _add_counter(self, name: str, shape: tuple[int, ...]) -> Variable:
        return self.add_variable(shape, "zeros", accumulator_dtype(config.floatx()), name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels; what is not 0 is positive.
            y_pred: predictions of the same shape; `(batch, num_labels)` with `multi_label`.
            sample_weight: one weight for each sample, or for each prediction.

        Raises:
            ShapeError: labels, predictions and weights do not fit each other.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        y_true, y_pred = match_shapes(as_array(y_true), as_float(y_pred))
        self._prepare(y_pred.shape)
        dtype = self.true_positives.dtype
        scores = jax.nn.sigmoid(y_pred) if self.from_logits else y_pred
        scores = jnp.clip(scores.astype(dtype), 0, 1)
        weights = jnp.ones_like(scores)
        if sample_weight is not None:
            weights = broadcast_weights(sample_weight, scores.shape, dtype)
        if self.label_weights is not None and not self.multi_label:
            weights = weights * jnp.asarray(self.label_weights, dtype)
        limits = np.asarray(self.thresholds)
        counts = confusion_counts(y_true, scores, limits, weights, per_label=self.multi_label)
        for counter, count in zip(self._counters, counts):
            counter.assign_add(count)

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """None but the samples; see `Metric`."""
        return [] if updates_as(self, AUC) else None

    def _prepare(self, shape: tuple[int, ...]) -> None:
        """Check the shape of predictions, and make the counters if that waited for it."""
        if self.multi_label and len(shape) != 2:
            raise ShapeError(
                f"Expected `y_pred` of shape (batch, num_labels), because `multi_label=True`; "
                f"received shape {shape}."
            )
        if self._counters is None:
            self._build(shape[1])
        if self.multi_label and shape[1] != self.true_positives.shape[1]:
            raise ShapeError(
                f"Expected predictions for {self.true_positives.shape[1]} labels, "
                f"received `y_pred` of shape {shape}."
            )
        weights = self.label_weights
        if weights is not None and (not shape or shape[-1] != len(weights)):
            raise ShapeError(
                f"Expected one of the {len(weights)} `label_weights` for each label, "
                f"received `y_pred` of shape {shape}."
            )

    def result(self) -> jax.Array:
        """The area so far.

        Raises:
            StateError: the number of labels is not known yet.
        """
        if self._counters is None:
            raise StateError(
                f"The metric '{self.name}' learns its number of labels from the first batch. Call "
                f"`update_state` before `result`, or pass `num_labels` to AUC."
            )
        counts = ConfusionCounts(*(counter.value for counter in self._counters))
        area = area_under_curve(counts, self.curve, self.summation_method)
        if not self.multi_label:
            return area
        if self.label_weights is None:
            return jnp.mean(area)
        weights = jnp.asarray(self.label_weights, area.dtype)
        return divide_no_nan(jnp.sum(area * weights), jnp.sum(weights))


def _with_ends(num_thresholds: Any, thresholds: Any) -> list[float]:
    """Thresholds from just below 0 to just above 1, so that every prediction is between two."""
    if thresholds is None:
        inner = even_thresholds(num_thresholds, least=2)[1:-1]
    else:
        inner = sorted(check_thresholds(thresholds))
    return [-config.epsilon(), *inner, 1 + config.epsilon()]


def _choice(argument: str, value: Any, choices: tuple[str, ...]) -> str:
    """The choice that has this name, in capitals or not."""
    for choice in choices:
        if isinstance(value, str) and value.lower() == choice.lower():
            return choice
    raise ArgumentError(f"Expected `{argument}` to be one of {choices}, received {value!r}.")


def _check_label_weights(label_weights: Any) -> list[float] | None:
    if label_weights is None:
        return None
    weights = np.asarray(label_weights, dtype="float64")
    if weights.ndim != 1 or not (weights >= 0).all():
        raise ArgumentError(
            f"Expected `label_weights` to be a list of numbers of at least 0, "
            f"received {label_weights!r}."
        )
    return weights.tolist()
