"""Cross-entropies, entry by entry, of probabilities or of logits."""

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._promotion import as_float
from ._softmax import log_softmax
from ._types import TensorLike


@operation
def binary_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False
) -> jax.Array:
    """Returns `-target * log(p) - (1 - target) * log(1 - p)`, entry by entry.

    Args:
        target: labels 0 and 1, or numbers between, of the shape of `output`.
        output: probabilities `p`, or logits with `p = sigmoid(output)`.
        from_logits: whether `output` holds logits.

    Raises:
        ShapeError: the shapes differ.
    """
    output = as_float(output)
    target = as_array(target, output.dtype)
    _check_same_shape(target, output)
    if from_logits:
        log_p, log_not_p = jax.nn.log_sigmoid(output), jax.nn.log_sigmoid(-output)
    else:
        p = _clip(output)
        log_p, log_not_p = jnp.log(p), jnp.log(1.0 - p)
    return -target * log_p - (1.0 - target) * log_not_p


@operation
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> jax.Array:
    """Returns `-sum(target * log(p))` over the classes.

    Args:
        target: one-hot labels or probabilities, of the shape of `output`.
        output: probabilities `p`, which are made to sum to 1, or logits with
            `p = softmax(output)`.
        from_logits: whether `output` holds logits.
        axis: where the classes are.

    Raises:
        ShapeError: the shapes differ, or have no axis.
    """
    output = as_float(output)
    target = as_array(target, output.dtype)
    _check_same_shape(target, output)
    return -jnp.sum(target * _log_probabilities(output, from_logits, axis), axis=axis)


@operation
def sparse_categorical_crossentropy(
    target: TensorLike, output: TensorLike, from_logits: bool = False, axis: int = -1
) -> jax.Array:
    """Returns `-log(p)` of the class that `target` names; 0 where there is no such class.

    Args:
        target: numbers of classes, of the shape of `output` without `axis`, or with a 1 there.
        output: probabilities `p`, which are made to sum to 1, or logits with
            `p = softmax(output)`.
        from_logits: whether `output` holds logits.
        axis: where the classes are.

    Raises:
        ShapeError: the shapes do not agree, or have no axis.
    """
    output = as_float(output)
    target = as_array(target, "int32")
    log_p = _log_probabilities(output, from_logits, axis)
    axis = axis % output.ndim
    if target.ndim == output.ndim and target.shape[axis] == 1:
        target = jnp.squeeze(target, axis)
    expected = output.shape[:axis] + output.shape[axis + 1 :]
    if target.shape != expected:
        raise ShapeError(
            f"Expected a `target` of shape {expected}, that of `output` {output.shape} without the "
            f"axis {axis} of the classes, received {target.shape}."
        )
    chosen = jax.nn.one_hot(target, output.shape[axis], axis=axis, dtype=output.dtype)
    return -jnp.sum(chosen * log_p, axis=axis)


def _check_same_shape(target: jax.Array, output: jax.Array) -> None:
    if target.shape != output.shape:
        raise ShapeError(
            "Expected `target` and `output` of the same shape, received "
            f"{target.shape} and {output.shape}."
        )


def _log_probabilities(output: jax.Array, from_logits: bool, axis: int) -> jax.Array:
    if output.ndim == 0:
        raise ShapeError("Expected an `output` with an axis of classes, received a scalar.")
    if from_logits:
        return log_softmax(output, axis)
    return jnp.log(_clip(output / jnp.sum(output, axis=axis, keepdims=True)))


def _clip(p: jax.Array) -> jax.Array:
    """Probabilities moved into [epsilon, 1 - epsilon], where logarithms are finite."""
    return jnp.clip(p, config.epsilon(), 1.0 - config.epsilon())
