"""Mean squared error."""

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
def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """The mean of (y_true - y_pred)² over the last axis.

    Args:
        y_true: targets, (N, …, D).
        y_pred: predictions, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> deepkit.losses.mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
        [2.5]
    """
    y_true, y_pred = paired(y_true, y_pred, "mean_squared_error")
    return jnp.mean(jnp.square(y_true - y_pred), axis=-1)


class MeanSquaredError(FunctionLoss):
    """Mean squared error, the usual loss of regression.

    When to use it: for real targets whose errors are about normally distributed. An error twice as
    large costs four times as much, so a few outliers can rule the fit; see `Huber` then.

    Formula: L = mean((y_true - y_pred)²)

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> float(deepkit.losses.MeanSquaredError()([[0.0], [1.0]], [[1.0], [3.0]]))
        2.5
    """

    fn = staticmethod(mean_squared_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
