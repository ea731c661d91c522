"""Counts true and false positives and negatives at many thresholds in one pass."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class ConfusionCounts(NamedTuple):
    """Weighted counts, shape `(num_thresholds,)`, or `(num_thresholds, num_labels)`."""

    true_positives: jax.Array
    false_positives: jax.Array
    true_negatives: jax.Array
    false_negatives: jax.Array


def confusion_counts(
    y_true: jax.Array,
    y_pred: jax.Array,
    thresholds: np.ndarray,
    weights: jax.Array,
    per_label: bool = False,
) -> ConfusionCounts:
    """Counts at every threshold; a prediction is positive where it is above the threshold.

    Each prediction is put into the bucket that is numbered by how many thresholds lie below it.
    It is positive at those, and negative at the others, so sums over buckets from either end give
    the counts: work grows with the number of predictions plus that of thresholds, not with their
    product, and no count is a difference of larger ones.

    Args:
        y_true: labels; what is not 0 is positive.
        y_pred: scores of the same shape. NaN is above no threshold.
        thresholds: in any order.
        weights: of the same shape.
        per_label: whether to count each place on the last of two axes by itself.
    """
    order = np.argsort(thresholds, kind="stable")
    limits = np.asarray(thresholds[order], dtype=y_pred.dtype)
    return _counts(y_true, y_pred, limits, np.argsort(order), weights, per_label=per_label)


@functools.partial(jax.jit, static_argnames="per_label")
def _counts(
    y_true: jax.Array,
    y_pred: jax.Array,
    limits: jax.Array,
    places: jax.Array,
    weights: jax.Array,
    per_label: bool,
) -> ConfusionCounts:
    """The counts at rising limits, put into these places."""
    scores = jnp.where(jnp.isnan(y_pred), -jnp.inf, y_pred)
    is_positive = y_true.astype(bool)
    weights = weights.astype(y_pred.dtype)
    columns = (scores, jnp.where(is_positive, weights, 0), jnp.where(is_positive, 0, weights))
    if per_label:
        above, below = jax.vmap(_sums, in_axes=(1, 1, 1, None), out_axes=-1)(*columns, limits)
    else:
        above, below = _sums(*(column.reshape(-1) for column in columns), limits)
    above, below = above[places], below[places]
    return ConfusionCounts(above[:, 0], above[:, 1], below[:, 1], below[:, 0])


def _sums(
    scores: jax.Array, positive: jax.Array, negative: jax.Array, limits: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Weights of positives and negatives above and not above each limit, `(num_thresholds, 2)`."""
    bucket = jnp.searchsorted(limits, scores)  # limits below the score
    weights = jnp.stack([positive, negative], axis=-1)
    sums = jax.ops.segment_sum(weights, bucket, num_segments=limits.size + 1)
    above = jnp.cumsum(sums[::-1], axis=0)[::-1][1:]
    return above, jnp.cumsum(sums, axis=0)[:-1]
