"""Numerical care that several losses share."""

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.ops._softmax import log_softmax


def log_probabilities(y_pred: jax.Array, from_logits: bool, axis: int) -> jax.Array:
    """log(softmax(y_pred)) for logits, else that of y_pred made to sum to 1 and clipped."""
    if from_logits:
        return log_softmax(y_pred, axis)
    return log_ratio(y_pred, jnp.sum(y_pred, axis=axis, keepdims=True))


def log_ratio(p: jax.Array, total: jax.Array) -> jax.Array:
    """log(p / total), the ratio moved into [epsilon, 1 - epsilon], where it is finite."""
    return jnp.log(jnp.clip(p / total, config.epsilon(), 1.0 - config.epsilon()))


def power(base: jax.Array, exponent: float) -> jax.Array:
    """`base ** exponent` for base ≥ 0, with the gradient 0 at base 0, where it may be infinite."""
    positive = base > 0
    at_zero = 1.0 if exponent == 0 else 0.0
    return jnp.where(positive, jnp.power(jnp.where(positive, base, 1.0), exponent), at_zero)


def unit_vectors(x: jax.Array, axis: int) -> jax.Array:
    """Vectors of length 1 along `axis`; those shorter than epsilon are divided by epsilon.

    A vector of zeros has no direction: it stays, and its gradient is 0.
    """
    square_norm = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    # The inner `where` keeps the infinite slope of rsqrt at 0 out of the gradient.
    is_short = square_norm <= config.epsilon() ** 2
    inverse = jax.lax.rsqrt(jnp.where(is_short, 1.0, square_norm))
    of_short = jnp.where(square_norm == 0, 0.0, 1.0 / config.epsilon())
    return x * jnp.where(is_short, of_short, inverse)


def smooth_labels(y_true: jax.Array, label_smoothing: float, num_classes: int) -> jax.Array:
    """The mixture (1 - s) · y_true + s / num_classes, with s the label smoothing."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / num_classes
