"""Kullback-Leibler divergence."""

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
def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """Σ y_true · log(y_true / y_pred) over the last axis, both clipped to [epsilon, 1].

    Args:
        y_true: probabilities, (N, …, classes).
        y_pred: probabilities, of the same shape.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])
        >>> round(loss.item(), 4)
        0.1438
    """
    y_true, y_pred = paired(y_true, y_pred, "kl_divergence")
    y_true = jnp.clip(y_true, config.epsilon(), 1.0)
    y_pred = jnp.clip(y_pred, config.epsilon(), 1.0)
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of the predicted from the true distribution.

    When to use it: where the targets are distributions themselves, as the soft labels of a teacher.
    For one-hot targets it equals `CategoricalCrossentropy`.

    Formula: L = Σ y_true · log(y_true / y_pred)

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> round(float(deepkit.losses.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
        0.1438
    """

    fn = staticmethod(kl_divergence)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
