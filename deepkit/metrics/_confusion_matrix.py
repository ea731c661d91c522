"""The confusion matrix of labels and predicted classes, and the overlap that it shows."""

import functools

import jax
import jax.numpy as jnp

from ._numerics import divide_no_nan


@functools.partial(jax.jit, static_argnames="num_classes")
def confusion_matrix(
    y_true: jax.Array, y_pred: jax.Array, num_classes: int, weights: jax.Array
) -> jax.Array:
    """The summed weights of each pair of label (row) and prediction (column).

    Args:
        y_true: class indices of any shape.
        y_pred: class indices of the same shape. Pairs with an index that is no class are left out.
        num_classes: the number of classes.
        weights: of the same shape.

    Returns:
        Array of shape `(num_classes, num_classes)` and the dtype of the weights.
    """
    is_pair = (y_true >= 0) & (y_true < num_classes) & (y_pred >= 0) & (y_pred < num_classes)
    cell = jnp.where(is_pair, y_true * num_classes + y_pred, 0).reshape(-1)
    weights = jnp.where(is_pair, weights, 0).reshape(-1)
    cells = jax.ops.segment_sum(weights, cell, num_segments=num_classes**2)
    return cells.reshape(num_classes, num_classes)


@jax.jit
def mean_overlap(matrix: jax.Array, class_ids: jax.Array) -> jax.Array:
    """The mean intersection over union of those of the classes that occur in a confusion matrix."""
    intersection = jnp.diagonal(matrix)[class_ids]
    union = (jnp.sum(matrix, axis=0) + jnp.sum(matrix, axis=1))[class_ids] - intersection
    occurs = (union > 0).astype(matrix.dtype)
    return divide_no_nan(jnp.sum(divide_no_nan(intersection, union)), jnp.sum(occurs))
