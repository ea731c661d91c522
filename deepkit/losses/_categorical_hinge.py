"""Hinge loss of classification into several classes."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.tensors import operation

from ._function_loss import FunctionLoss
from ._squeeze import paired
from ._traits import traits


@traits(row_wise=True)
@operation
def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """max(neg - pos + 1, 0), with pos = Σ y_true · y_pred and neg = max((1 - y_true) · y_pred).

    Args:
        y_true: one-hot labels, (N, …, classes).
        y_pred: real scores, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> deepkit.losses.categorical_hinge([[0.0, 1.0]], [[2.0, 1.5]]).tolist()
        [1.5]
    """
    y_true, y_pred = paired(y_true, y_pred, "categorical_hinge")
    positive = jnp.sum(y_true * y_pred, axis=-1)
    negative = jnp.max((1.0 - y_true) * y_pred, axis=-1)
    return jnp.maximum(negative - positive + 1.0, 0.0)


class CategoricalHinge(FunctionLoss):
    """Hinge loss of classification into several classes.

    When to use it: with one-hot labels and real scores, where the right class should lead by a
    margin of 1 and no probabilities are wanted.

    Formula: L = max(neg - pos + 1, 0), pos = Σ y_true · y_pred, neg = max((1 - y_true) · y_pred)

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> float(deepkit.losses.CategoricalHinge()([[0.0, 1.0]], [[2.0, 1.5]]))
        1.5
    """

    fn = staticmethod(categorical_hinge)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
