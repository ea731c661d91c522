"""Huber's loss."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.tensors import operation

from ._arguments import number
from ._function_loss import FunctionLoss
from ._squeeze import paired
from ._traits import traits


@traits(row_wise=True)
@operation
def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> jax.Array:
    """The mean over the last axis of e²/2 where |e| ≤ δ, and of δ·|e| - δ²/2 beyond.

    Args:
        y_true: targets, (N, …, D).
        y_pred: predictions, of the same shape; e = y_pred - y_true.
        delta: δ > 0, the error at which the parabola turns into a line.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> deepkit.losses.huber([[0.0], [0.0]], [[1.0], [3.0]]).tolist()
        [0.5, 2.5]
    """
    y_true, y_pred = paired(y_true, y_pred, "huber")
    delta = jnp.asarray(delta, y_pred.dtype)
    error = y_pred - y_true
    size = jnp.abs(error)
    line = delta * size - 0.5 * jnp.square(delta)
    return jnp.mean(jnp.where(size <= delta, 0.5 * jnp.square(error), line), axis=-1)


class Huber(FunctionLoss):
    """Huber's loss: squared near the target, absolute far from it.

    When to use it: for regression with outliers. Small errors are treated as by
    `MeanSquaredError`, large ones as by `MeanAbsoluteError`.

    Formula, with e = y_pred - y_true: L = mean(e²/2 if |e| ≤ δ else δ·|e| - δ²/2)

    Paper: P. J. Huber, Robust Estimation of a Location Parameter, 1964.

    Args:
        delta: δ > 0, the error at which the parabola turns into a line.
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: `delta` is not above 0.
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> float(deepkit.losses.Huber(delta=2.0)([[0.0], [0.0]], [[1.0], [3.0]]))
        2.25
    """

    fn = staticmethod(huber)
    option_names = ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.delta = number("delta", delta, 0.0, ends="()")
