"""The log-likelihood of labelled classes under logits, with a slope that is worked out at once."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from deepkit.ops._softmax import softmax

from ._class_labels import is_class


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def log_likelihood(logits: jax.Array, labels: jax.Array, axis: int) -> jax.Array:
    """`log(softmax(logits))` of the class that each label names; NaN where it names none.

    Args:
        logits: scores of classes along `axis`.
        labels: int32, of the shape of `logits` without that axis.
        axis: from the front.
    """
    top = jnp.max(logits, axis, keepdims=True)
    normalizer = jnp.log(jnp.sum(jnp.exp(logits - top), axis))
    places = jnp.expand_dims(jnp.clip(labels, 0, logits.shape[axis] - 1), axis)
    chosen = jnp.squeeze(jnp.take_along_axis(logits, places, axis) - top, axis)
    return jnp.where(is_class(labels, logits.shape[axis]), chosen - normalizer, jnp.nan)


@log_likelihood.defjvp
def _log_likelihood_jvp(
    axis: int, primals: tuple[Any, Any], tangents: tuple[Any, Any]
) -> tuple[Any, Any]:
    # d log p[label] = Σ (1[class = label] - p[class]) dlogits[class]
    logits, labels = primals
    # Without the barrier XLA would keep the exponentials of the value for the slope.
    later = lax.optimization_barrier(logits)
    classes = lax.broadcasted_iota(jnp.int32, logits.shape, axis)
    chosen = (classes == jnp.expand_dims(labels, axis)).astype(logits.dtype)
    slope = jnp.sum((chosen - softmax(later, axis)) * tangents[0], axis)
    slope = jnp.where(is_class(labels, logits.shape[axis]), slope, 0.0)
    return log_likelihood(logits, labels, axis), slope
