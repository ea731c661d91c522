"""Labels and class scores: their shapes, and the rank of a label among the scores."""

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError, ShapeError


def check_one_hot(y_true: jax.Array, y_pred: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Labels and scores as they are.

    Raises:
        ShapeError: they are not of one shape `(..., num_classes)`.
    """
    if y_true.shape != y_pred.shape or y_pred.ndim == 0:
        raise ShapeError(
            f"Expected one-hot `y_true` and scores `y_pred` of the same shape "
            f"(..., num_classes), received {y_true.shape} and {y_pred.shape}. For labels that are "
            f"class indices, take the metric whose name begins with 'sparse'."
        )
    return y_true, y_pred


def check_class_indices(y_true: jax.Array, y_pred: jax.Array) -> jax.Array:
    """Class indices of shape `(...)` for scores of shape `(..., num_classes)`.

    Raises:
        ShapeError: `y_true` has neither this shape nor one more axis of size 1.
    """
    batch_shape = y_pred.shape[:-1]
    if y_true.shape == (*batch_shape, 1):
        return y_true[..., 0]
    if y_true.shape != batch_shape or y_pred.ndim == 0:
        raise ShapeError(
            f"Expected `y_true` to hold one class index for each row of scores, of shape "
            f"{batch_shape} for `y_pred` of shape {y_pred.shape}, received shape {y_true.shape}. "
            f"For one-hot labels, take the metric without 'sparse' in its name."
        )
    return y_true


def in_top_k(labels: jax.Array, scores: jax.Array, k: int) -> jax.Array:
    """Whether the score of each label is among the `k` highest.

    Equal scores share the best rank; a label that is no class, or whose score is NaN, is never in.
    """
    num_classes = scores.shape[-1]
    labels = labels.astype("int32")
    is_class = (labels >= 0) & (labels < num_classes)
    index = jnp.where(is_class, labels, 0)[..., None]
    label_score = jnp.take_along_axis(scores, index, axis=-1)
    rank = jnp.sum(scores > label_score, axis=-1)
    return is_class & ~jnp.isnan(label_score[..., 0]) & (rank < k)


def check_k(k: int) -> int:
    """`k` as it is.

    Raises:
        ArgumentError: it is no integer of at least 1.
    """
    if isinstance(k, bool) or not hasattr(k, "__index__") or int(k) < 1:
        raise ArgumentError(f"Expected `k` to be an integer of at least 1, received {k!r}.")
    return k
