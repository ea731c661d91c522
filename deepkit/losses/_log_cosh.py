"""Logarithm of the hyperbolic cosine of the error."""

import math
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
def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """The mean of log(cosh(y_pred - y_true)) over the last axis.

    Args:
        y_true: targets, (N, …, D).
        y_pred: predictions, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> round(deepkit.losses.log_cosh([[0.0]], [[1.0]]).item(), 4)
        0.4338
    """
    y_true, y_pred = paired(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    # cosh(e) = (exp(e) + exp(-e)) / 2, of which neither term may overflow.
    return jnp.mean(jnp.logaddexp(error, -error) - math.log(2.0), axis=-1)


class LogCosh(FunctionLoss):
    """Logarithm of the hyperbolic cosine of the error.

    When to use it: as `Huber`, where a loss with smooth derivatives of all orders is wanted. It is
    about e²/2 for small errors e, and |e| - log(2) for large ones.

    Formula: L = mean(log(cosh(y_pred - y_true)))

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> round(float(deepkit.losses.LogCosh()([[0.0]], [[1.0]])), 4)
        0.4338
    """

    fn = staticmethod(log_cosh)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
