"""Tversky loss of segmentation."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.core import config
from deepkit.tensors import operation

from ._arguments import axes_or_none, canonical_axes, number
from ._function_loss import FunctionLoss
from ._inputs import widened
from ._squeeze import paired
from ._traits import traits


@traits(row_wise=True)
@operation
@widened
def tversky(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: int | tuple[int, ...] | None = None,
) -> jax.Array:
    """1 - overlap / (overlap + α · missed + β · added + epsilon).

    overlap = Σ y_true · y_pred, missed = Σ y_true · (1 - y_pred), added = Σ (1 - y_true) · y_pred

    Args:
        y_true: the true masks, 0 and 1, of any shape.
        y_pred: the predicted ones, from 0 to 1, of the same shape.
        alpha: α, the weight of what is missed.
        beta: β, the weight of what is added.
        axis: the axes of the sums; all, the batch among them, if `None`.

    Returns:
        The loss, of the shape that is left: a single number if `axis` is `None`.

    Raises:
        ShapeError: the shapes do not agree.
        ArgumentError: there is no such axis.

    Example:
        >>> import deepkit
        >>> round(deepkit.losses.tversky([[1.0, 0.0]], [[0.5, 0.5]], alpha=0.5).item(), 4)
        0.5
    """
    y_true, y_pred = paired(y_true, y_pred, "tversky")
    axis = canonical_axes(axis, y_pred.ndim, "tversky")
    overlap = jnp.sum(y_true * y_pred, axis=axis)
    missed = jnp.sum(y_true * (1.0 - y_pred), axis=axis)
    added = jnp.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - overlap / (overlap + alpha * missed + beta * added + config.epsilon())


class Tversky(FunctionLoss):
    """Tversky loss, a Dice loss that weighs missed and added parts apart.

    When to use it: for segmentation where missing a part of the object is worse than adding to it
    (α > β), or the other way round. With α = β = 0.5 it is the Dice loss.

    Formula: L = 1 - overlap / (overlap + α · missed + β · added + ε), with overlap = Σ y_true ·
    y_pred, missed = Σ y_true · (1 - y_pred) and added = Σ (1 - y_true) · y_pred

    Paper: Salehi et al., Tversky loss function for image segmentation using 3D fully convolutional
    deep networks, 2017, arXiv:1706.05721.

    Args:
        alpha: α ≥ 0, the weight of what is missed.
        beta: β ≥ 0, the weight of what is added.
        reduction: as in `Loss`.
        name: the name of the loss.
        axis: the axes of the sums, such as (1, 2, 3) for one loss an image. `None`: all of them,
            which gives one number for the batch, so that samples cannot be weighted.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: `alpha` or `beta` is below 0, or `axis` no axis.
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.Tversky(alpha=1.0, beta=0.0)
        >>> round(float(loss([[1.0, 0.0]], [[0.25, 0.5]])), 4)
        0.75
    """

    fn = staticmethod(tversky)
    option_names = ("alpha", "beta", "axis")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: int | tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.alpha = number("alpha", alpha, 0.0, ends="[)")
        self.beta = number("beta", beta, 0.0, ends="[)")
        self.axis = axes_or_none("axis", axis)
