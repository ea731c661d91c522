"""Negative cosine of the angle between targets and predictions."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.tensors import operation

from ._arguments import canonical_axis, integer
from ._function_loss import FunctionLoss
from ._inputs import widened
from ._numerics import unit_vectors
from ._squeeze import paired
from ._traits import traits


@traits(row_wise=True)
@operation
@widened
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> jax.Array:
    """The negative cosine of the angle between vectors; 0 if one of them is 0.

    Args:
        y_true: target vectors, (N, …, D).
        y_pred: predicted vectors, of the same shape.
        axis: the axis along which the vectors lie.

    Returns:
        Numbers from -1 (same direction) to 1 (opposite), (N, …).

    Raises:
        ShapeError: the shapes do not agree.
        ArgumentError: there is no such axis.

    Example:
        >>> import deepkit
        >>> y_true = [[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]]
        >>> y_pred = [[0.0, 1.0], [-3.0, 0.0], [1.0, 0.0]]
        >>> (deepkit.losses.cosine_similarity(y_true, y_pred) + 0.0).tolist()
        [-1.0, 1.0, 0.0]
    """
    y_true, y_pred = paired(y_true, y_pred, "cosine_similarity")
    axis = canonical_axis(axis, y_pred.ndim, "cosine_similarity")
    return -jnp.sum(unit_vectors(y_true, axis) * unit_vectors(y_pred, axis), axis=axis)


class CosineSimilarity(FunctionLoss):
    """Negative cosine of the angle between targets and predictions.

    When to use it: where the direction of a vector matters and its length does not, as between
    embeddings.

    Formula: L = -Σ (y_true / ‖y_true‖) · (y_pred / ‖y_pred‖)

    Args:
        axis: the axis along which the vectors lie.
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: `axis` is no integer, or, when called, no axis of y_pred.
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.CosineSimilarity()
        >>> float(loss([[0.0, 2.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 3.0]]))
        -0.5
    """

    fn = staticmethod(cosine_similarity)
    option_names = ("axis",)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.axis = integer("axis", axis)
