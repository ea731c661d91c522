"""How often the labelled class is among the highest scores."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.tensors import as_array, operation

from ._class_scores import check_class_indices, check_k, in_top_k
from ._function_mean import FunctionMean
from ._shapes import as_same_dtype


@operation
def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> jax.Array:
    """1 where the labelled class has one of the `k` highest scores, else 0.

    Args:
        y_true: class indices, shape `(...)` or `(..., 1)`.
        y_pred: scores, shape `(..., num_classes)`; with `from_sorted_ids` the indices of the best
            classes, best first, shape `(..., n)` with `n >= k`.
        k: how many of the highest scores count.
        from_sorted_ids: whether `y_pred` holds indices instead of scores.

    Returns:
        Array of the shape of `y_true`.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> import deepkit
        >>> deepkit.metrics.sparse_top_k_categorical_accuracy([2], [[0.1, 0.9, 0.8]], k=2)
        Array([1.], dtype=float32)
    """
    y_true, y_pred = as_array(y_true), as_array(y_pred)
    labels = check_class_indices(y_true, y_pred)
    if from_sorted_ids:
        labels, best = as_same_dtype(labels, y_pred[..., :k])
        matches = jnp.any(labels[..., None] == best, axis=-1)
    else:
        matches = in_top_k(labels, y_pred, k)
    return matches.astype(config.floatx()).reshape(y_true.shape)


class SparseTopKCategoricalAccuracy(FunctionMean):
    """How often the labelled class is among the `k` highest scores.

    With `from_sorted_ids=True` predictions are the indices of the best classes, best first, which
    spares scores for all classes where they are many.

    Args:
        k: how many of the highest scores count.
        name: the name in logs.
        dtype: the dtype of the result.
        from_sorted_ids: whether predictions are indices instead of scores.

    Raises:
        ArgumentError: `k` is no integer of at least 1.

    Example:
        >>> import deepkit
        >>> metric = deepkit.metrics.SparseTopKCategoricalAccuracy(k=1)
        >>> metric.update_state([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy,
            name=name,
            dtype=dtype,
            k=check_k(k),
            from_sorted_ids=from_sorted_ids,
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids
