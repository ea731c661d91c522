"""Areas under the curves that counts at falling thresholds draw."""

import functools

import jax
import jax.numpy as jnp

from ._confusion_counts import ConfusionCounts
from ._numerics import divide_no_nan


@functools.partial(jax.jit, static_argnames=("curve", "summation_method"))
def area_under_curve(counts: ConfusionCounts, curve: str, summation_method: str) -> jax.Array:
    """The area, summed over the first axis of the counts, whose thresholds rise.

    Args:
        counts: shape `(num_thresholds, ...)`.
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: `"interpolation"`, `"minoring"` or `"majoring"`.

    Returns:
        Array of shape `(...)`.
    """
    if curve == "PR" and summation_method == "interpolation":
        return _interpolated_precision_recall(counts)
    x, y = _CURVES[curve](counts)
    heights = _HEIGHTS[summation_method](y[:-1], y[1:])
    return jnp.sum((x[:-1] - x[1:]) * heights, axis=0)


_HEIGHTS = {
    "interpolation": lambda left, right: (left + right) / 2,
    "minoring": jnp.minimum,
    "majoring": jnp.maximum,
}


def _roc(counts: ConfusionCounts) -> tuple[jax.Array, jax.Array]:
    tp, fp, tn, fn = counts
    return divide_no_nan(fp, fp + tn), divide_no_nan(tp, tp + fn)


def _precision_recall(counts: ConfusionCounts) -> tuple[jax.Array, jax.Array]:
    tp, fp, _, fn = counts
    return divide_no_nan(tp, tp + fn), divide_no_nan(tp, tp + fp)


def _gains(counts: ConfusionCounts) -> tuple[jax.Array, jax.Array]:
    """Recall gain and precision gain, of Flach and Kull 2015.

    Without true positives they are 0 and 1; a recall below the base rate has the gain 0.
    """
    tp, fp, tn, fn = counts
    odds = divide_no_nan(tp + fn, tn + fp)
    recall_gain = jnp.where(tp == 0, 0, 1 - odds * divide_no_nan(fn, tp))
    precision_gain = jnp.where(tp == 0, 1, 1 - odds * divide_no_nan(fp, tp))
    return jnp.maximum(recall_gain, 0), precision_gain


_CURVES = {"ROC": _roc, "PR": _precision_recall, "PRGAIN": _gains}


def _interpolated_precision_recall(counts: ConfusionCounts) -> jax.Array:
    """Precision over recall, both counts linear between thresholds (Davis and Goadrich 2006).

    With P = TP + FP and s = ΔTP / ΔP, precision between two thresholds is (b + s·P) / P with
    b = TP − s·P, and its integral over recall is s · (ΔTP + b · log(P_low / P_high)) / positives.
    """
    tp, fp, _, fn = counts
    predicted = tp + fp
    low, high = predicted[:-1], predicted[1:]  # at the lower and the higher threshold
    rise = tp[:-1] - tp[1:]
    slope = divide_no_nan(rise, jnp.maximum(low - high, 0))
    intercept = tp[1:] - slope * high
    has_both = (low > 0) & (high > 0)
    ratio = jnp.where(has_both, divide_no_nan(low, high), 1)
    area = slope * (rise + intercept * jnp.log(ratio))
    return jnp.sum(divide_no_nan(area, tp[1:] + fn[1:]), axis=0)
