"""Hinge losses of binary classification."""

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
def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """The mean of max(1 - y_true · y_pred, 0) over the last axis.

    Args:
        y_true: labels -1 and 1, (N, …, D). If they are all 0 and 1, 0 is taken as -1.
        y_pred: real scores, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> deepkit.losses.hinge([[1.0, 0.0]], [[0.5, -2.0]]).tolist()
        [0.25]
    """
    return jnp.mean(_violations(y_true, y_pred, "hinge"), axis=-1)


@traits(row_wise=True)
@operation
def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """The mean of max(1 - y_true · y_pred, 0)² over the last axis.

    Args:
        y_true: labels -1 and 1, (N, …, D). If they are all 0 and 1, 0 is taken as -1.
        y_pred: real scores, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> deepkit.losses.squared_hinge([[1.0, 0.0]], [[0.5, -2.0]]).tolist()
        [0.125]
    """
    return jnp.mean(jnp.square(_violations(y_true, y_pred, "squared_hinge")), axis=-1)


def _violations(y_true: Any, y_pred: Any, loss: str) -> jax.Array:
    """By how much each score misses the margin of 1 on its label's side."""
    y_true, y_pred = paired(y_true, y_pred, loss)
    is_binary = jnp.all((y_true == 0) | (y_true == 1))
    sign = jnp.where(is_binary, 2.0 * y_true - 1.0, y_true)
    return jnp.maximum(1.0 - sign * y_pred, 0.0)


class Hinge(FunctionLoss):
    """Hinge loss, that of a support vector machine.

    When to use it: for binary classification by real scores (a last layer without sigmoid), where
    only the side and a margin count and no probability is wanted.

    Formula: L = mean(max(1 - y_true · y_pred, 0)), with labels -1 and 1 (0 and 1 are converted)

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> float(deepkit.losses.Hinge()([[1.0], [0.0]], [[0.5], [-2.0]]))
        0.25
    """

    fn = staticmethod(hinge)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)


class SquaredHinge(FunctionLoss):
    """Squared hinge loss.

    When to use it: as `Hinge`, where its corner should be smooth and large violations weigh more.

    Formula: L = mean(max(1 - y_true · y_pred, 0)²), with labels -1 and 1 (0 and 1 are converted)

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> float(deepkit.losses.SquaredHinge()([[1.0], [0.0]], [[0.5], [-2.0]]))
        0.125
    """

    fn = staticmethod(squared_hinge)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
