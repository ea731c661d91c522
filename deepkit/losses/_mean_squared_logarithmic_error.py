"""Mean squared logarithmic error."""

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
def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """The mean of (log(1 + y_true) - log(1 + y_pred))² over the last axis.

    Values below epsilon count as epsilon.

    Args:
        y_true: targets ≥ 0, (N, …, D).
        y_pred: predictions, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.mean_squared_logarithmic_error([[0.0, 1.0]], [[0.0, 3.0]])
        >>> round(loss.item(), 4)  # log(2)² / 2
        0.2402
    """
    y_true, y_pred = paired(y_true, y_pred, "mean_squared_logarithmic_error")
    log_true = jnp.log1p(jnp.maximum(y_true, config.epsilon()))
    log_pred = jnp.log1p(jnp.maximum(y_pred, config.epsilon()))
    return jnp.mean(jnp.square(log_true - log_pred), axis=-1)


class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean squared error of logarithms.

    When to use it: for targets ≥ 0 that grow exponentially, such as prices and counts. It asks for
    a good ratio, and punishes a prediction below the target more than one as far above it.

    Formula: L = mean((log(1 + y_true) - log(1 + y_pred))²)

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.MeanSquaredLogarithmicError()
        >>> round(float(loss([[0.0], [1.0]], [[0.0], [3.0]])), 4)
        0.2402
    """

    fn = staticmethod(mean_squared_logarithmic_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
