"""Poisson loss."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.core import config
from deepkit.tensors import operation

from ._function_loss import FunctionLoss
from ._inputs import widened
from ._squeeze import paired
from ._traits import traits


@traits(row_wise=True)
@operation
@widened
def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """The mean of y_pred - y_true · log(y_pred + epsilon) over the last axis.

    Args:
        y_true: counts, (N, …, D).
        y_pred: predicted rates ≥ 0, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> deepkit.losses.poisson([[0.0, 0.0]], [[1.0, 2.0]]).tolist()
        [1.5]
    """
    y_true, y_pred = paired(y_true, y_pred, "poisson")
    return jnp.mean(y_pred - y_true * jnp.log(y_pred + config.epsilon()), axis=-1)


class Poisson(FunctionLoss):
    """Negative log-likelihood of counts under a Poisson distribution.

    When to use it: for targets that count events. The predictions are rates, so the last layer must
    give numbers above 0 (`softplus`, `exponential`).

    Formula: L = mean(y_pred - y_true · log(y_pred + ε)); the term log(y_true!) is left out.

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> float(deepkit.losses.Poisson()([[0.0], [0.0]], [[1.0], [2.0]]))
        1.5
    """

    fn = staticmethod(poisson)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
