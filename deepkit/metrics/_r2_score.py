"""The coefficient of determination of predictions."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError, StateError
from deepkit.tensors import Variable, as_array

from ._metric import Metric, updates_as
from ._numerics import accumulator_dtype, divide_no_nan
from ._shapes import broadcast_weights, match_shapes, weights_with_mask

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """The coefficient of determination R²: which part of the labels' variance is explained.

    `1 - sum((y_true - y_pred)²) / sum((y_true - mean(y_true))²)` for each output: 1 for perfect
    predictions, 0 for those no better than the mean of the labels, below 0 for worse. Labels that
    do not vary score 1 if predicted exactly, else 0.

    With `num_regressors` it is the adjusted R², `1 - (1 - R²) (n - 1) / (n - p - 1)`, where n
    counts labels of all outputs with a weight; the plain one as long as n is at most p + 1.

    The running mean and sum of squares are merged batch by batch as in Chan, Golub and LeVeque
    1979, so labels far from 0 lose no digits.

    Args:
        class_aggregation: `"uniform_average"`: the mean over outputs;
            `"variance_weighted_average"`: weighted by the variance of each; `None`: a score for
            each output.
        num_regressors: the number p of independent inputs for the adjusted R²; 0 for the plain one.
        name: the name in logs.
        dtype: the dtype of the computation.

    Raises:
        ArgumentError: an argument is out of range.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.R2Score()
        >>> metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
        >>> round(float(metric.result()), 4)
        0.5714
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            raise ArgumentError(
                f"Expected `class_aggregation` to be one of {_AGGREGATIONS}, "
                f"received {class_aggregation!r}."
            )
        if not hasattr(num_regressors, "__index__") or num_regressors < 0:
            raise ArgumentError(
                f"Expected `num_regressors` to be an integer of at least 0, "
                f"received {num_regressors!r}."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self._add_sum("num_samples", ())
        self._num_outputs: int | None = None

    def _build(self, num_outputs: int) -> None:
        self._num_outputs = num_outputs
        self.count = self._add_sum("count", (num_outputs,))
        self.mean = self._add_sum("mean", (num_outputs,))
        self.squared_deviation = self._add_sum("squared_deviation", (num_outputs,))
        self.residual = self._add_sum("residual", (num_outputs,))

    def _add_sum(self, name: str, shape: tuple[int, ...]) -> Variable:
        return self.add_variable(shape, "zeros", accumulator_dtype(config.floatx()), name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: the labels, shape `(batch, num_outputs)`.
            y_pred: the predictions, of the same shape.
            sample_weight: one weight for each sample, or for each label.

        Raises:
            ShapeError: labels, predictions and weights do not fit each other.
        """
        sample_weight = weights_with_mask(y_pred, sample_weight)
        y_true, y_pred = match_shapes(as_array(y_true, self.dtype), as_array(y_pred, self.dtype))
        self._prepare(y_true.shape)
        dtype = self.count.dtype
        weight = jnp.ones(y_true.shape, dtype)
        if sample_weight is not None:
            weight = broadcast_weights(sample_weight, y_true.shape, dtype)
        is_seen = weight != 0
        y_true = jnp.where(is_seen, y_true, 0).astype(dtype)
        y_pred = jnp.where(is_seen, y_pred, 0).astype(dtype)
        self._merge(y_true, weight)
        self.residual.assign_add(jnp.sum(weight * jnp.square(y_true - y_pred), axis=0))
        self.num_samples.assign_add(jnp.sum(is_seen))

    def sample_values(self, y_true: Any, y_pred: Any) -> list[jax.Array] | None:
        """None but the samples; see `Metric`."""
        return [] if updates_as(self, R2Score) else None

    def _prepare(self, shape: tuple[int, ...]) -> None:
        """Check the shape, and make the variables at the first batch."""
        if len(shape) != 2:
            raise ShapeError(
                f"R2Score expects 2D inputs with shape (batch_size, output_dim), "
                f"received shape {shape}. Add an axis of size 1 for a single output."
            )
        if self._num_outputs is None:
            self._build(shape[1])
        if shape[1] != self._num_outputs:
            raise ShapeError(
                f"Expected {self._num_outputs} outputs as in the first batch, "
                f"received labels of shape {shape}."
            )

    def _merge(self, y_true: jax.Array, weight: jax.Array) -> None:
        """Bring the labels of a batch into the running mean and sum of squared deviations."""
        seen, added = self.count.value, jnp.sum(weight, axis=0)
        added_mean = divide_no_nan(jnp.sum(weight * y_true, axis=0), added)
        deviation = jnp.sum(weight * jnp.square(y_true - added_mean), axis=0)
        shift = added_mean - self.mean.value
        share = divide_no_nan(added, seen + added)
        self.squared_deviation.assign_add(deviation + jnp.square(shift) * seen * share)
        self.mean.assign_add(shift * share)
        self.count.assign_add(added)

    def result(self) -> jax.Array:
        """The score so far: a scalar, or one for each output without `class_aggregation`.

        Raises:
            StateError: there was no batch yet.
        """
        if self._num_outputs is None:
            raise StateError(
                f"The metric '{self.name}' learns its number of outputs from the first batch. "
                f"Call `update_state` before `result`."
            )
        variance, residual = self.squared_deviation.value, self.residual.value
        constant = jnp.where(residual == 0, 1.0, 0.0).astype(residual.dtype)
        scores = jnp.where(variance == 0, constant, 1 - divide_no_nan(residual, variance))
        return self._adjust(self._aggregate(scores, variance)).astype(self.dtype)

    def _aggregate(self, scores: jax.Array, variance: jax.Array) -> jax.Array:
        if self.class_aggregation is None:
            return scores
        mean = jnp.mean(scores)
        if self.class_aggregation == "uniform_average":
            return mean
        total = jnp.sum(variance)
        return jnp.where(total == 0, mean, divide_no_nan(jnp.sum(variance * scores), total))

    def _adjust(self, score: jax.Array) -> jax.Array:
        if self.num_regressors == 0:
            return score
        n = self.num_samples.value
        freedom = n - self.num_regressors - 1
        adjusted = 1 - divide_no_nan((1 - score) * (n - 1), freedom)
        return jnp.where(freedom > 0, adjusted, score)
