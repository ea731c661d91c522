"""Class labels in sparse losses: their shape, their values, and what they pick."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array

from ._labels import check_labels


def class_labels(
    y_true: Any, y_pred: jax.Array, axis: int, loss: str, ignore_class: int | None = None
) -> jax.Array:
    """Labels as int32, one for each place of y_pred without its axis of classes.

    Args:
        y_true: integers or whole floats of that shape, or with a size of 1 on the axis.
        y_pred: scores, whose axis `axis` (from the front) is that of the classes.
        axis: that axis.
        loss: the name of the loss, for messages.
        ignore_class: a label that is allowed besides.

    Raises:
        ShapeError: y_true has another shape.
        DataError: a label is fractional or names no class.
    """
    labels = as_array(y_true)
    wanted = y_pred.shape[:axis] + y_pred.shape[axis + 1 :]
    if labels.ndim == y_pred.ndim and labels.shape[axis] == 1:
        labels = jnp.squeeze(labels, axis)
    if labels.shape != wanted:
        raise ShapeError(
            f"Expected y_true of shape {wanted} in {loss}, one integer label for each prediction "
            f"in y_pred of shape {y_pred.shape}, received y_true of shape {jnp.shape(y_true)}. "
            f"{_advice(labels, y_pred)}"
        )
    check_labels(y_true, y_pred.shape[axis], ignore_class)
    return whole_numbers(labels)


def _advice(labels: jax.Array, y_pred: jax.Array) -> str:
    if labels.shape == y_pred.shape:
        return "For one-hot labels use CategoricalCrossentropy."
    return "The model's last layer has one unit for each class, and a loss broadcasts nothing."


def whole_numbers(labels: jax.Array) -> jax.Array:
    """Labels as int32; fractions, which only traced labels can still have, become -1."""
    if jnp.issubdtype(labels.dtype, jnp.floating):
        labels = jnp.where(labels == jnp.trunc(labels), labels, -1.0)
    return labels.astype(jnp.int32)


def pick_class(values: jax.Array, labels: jax.Array, axis: int) -> jax.Array:
    """The value of each label's class; NaN for a label that names none.

    A comparison and a sum, and no gather, whose gradient would be a scatter; infinite values of
    other classes do not matter.
    """
    classes = jax.lax.broadcasted_iota(jnp.int32, values.shape, axis)
    chosen = jnp.where(classes == jnp.expand_dims(labels, axis), values, 0.0)
    named = is_class(labels, values.shape[axis])
    return jnp.where(named, jnp.sum(chosen, axis=axis), jnp.nan)


def is_class(labels: jax.Array, num_classes: int) -> jax.Array:
    """Whether labels name a class."""
    return (labels >= 0) & (labels < num_classes)
