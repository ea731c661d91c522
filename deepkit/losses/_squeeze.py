"""Brings y_true and y_pred to one rank and refuses every other difference of their shapes."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ShapeError

from ._inputs import real_array


def to_same_rank(y_true: jax.Array, y_pred: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Undo a difference of one axis of size 1 at the end: (N,) with (N, 1), (N, T, 1) with (N, T).

    A vector becomes a column, so that what is averaged over the last axis stays one value per
    sample; between higher ranks the longer one loses its last axis.
    """
    if y_true.ndim == y_pred.ndim + 1:
        y_pred, y_true = to_same_rank(y_pred, y_true)
    elif y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        if y_true.ndim == 1:
            y_true = jnp.expand_dims(y_true, -1)
        else:
            y_pred = jnp.squeeze(y_pred, -1)
    return y_true, y_pred


def paired(y_true: Any, y_pred: Any, loss: str, hint: str = "") -> tuple[jax.Array, jax.Array]:
    """Both as floating arrays of y_pred's dtype and of one shape with at least one axis.

    Args:
        y_true, y_pred: targets and predictions.
        loss: the name of the loss, for messages.
        hint: how to mend shapes that do not agree, if the loss knows better than the general rule.

    Raises:
        ShapeError: the shapes do not agree.
    """
    y_pred = real_array(y_pred)
    y_true = real_array(y_true, y_pred.dtype)
    given = y_true.shape, y_pred.shape
    y_true, y_pred = to_same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"Expected y_true and y_pred of one shape in {loss}, received y_true of shape "
            f"{given[0]} and y_pred of shape {given[1]}. {hint or _advice(*given)}"
        )
    if not y_true.ndim:
        raise ShapeError(
            f"Expected y_true and y_pred with at least one axis in {loss}, received two single "
            f"numbers. Put them into arrays of shape (1,)."
        )
    return y_true, y_pred


def _advice(true_shape: tuple[int, ...], pred_shape: tuple[int, ...]) -> str:
    if true_shape and true_shape[:1] == pred_shape[:1]:
        return (
            f"Reshape y_true to {pred_shape}, or let the model's last layer give an output of "
            f"shape {true_shape}; a loss broadcasts nothing."
        )
    return "Give both the same number of samples and the same axes; a loss broadcasts nothing."
