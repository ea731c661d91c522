"""Mean absolute percentage error."""

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
def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """The mean of 100 · |y_true - y_pred| / max(|y_true|, epsilon) over the last axis.

    Args:
        y_true: targets, (N, …, D).
        y_pred: predictions, of the same shape.

    Returns:
        The loss of each sample in percent, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> deepkit.losses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]]).tolist()
        [37.5]
    """
    y_true, y_pred = paired(y_true, y_pred, "mean_absolute_percentage_error")
    size = jnp.maximum(jnp.abs(y_true), config.epsilon())
    return 100.0 * jnp.mean(jnp.abs((y_true - y_pred) / size), axis=-1)


class MeanAbsolutePercentageError(FunctionLoss):
    """Mean absolute error in percent of the target.

    When to use it: for targets of one sign over several orders of magnitude, where the relative
    error counts. A target of 0 is taken as epsilon, which makes its error dwarf all others.

    Formula: L = 100 · mean(|y_true - y_pred| / max(|y_true|, ε))

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.MeanAbsolutePercentageError()
        >>> float(loss([[2.0], [4.0]], [[1.0], [5.0]]))
        37.5
    """

    fn = staticmethod(mean_absolute_percentage_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
