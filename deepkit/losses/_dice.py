"""Dice loss of segmentation."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.core import config
from deepkit.tensors import operation

from ._arguments import axes_or_none, canonical_axes
from ._function_loss import FunctionLoss
from ._inputs import widened
from ._squeeze import paired
from ._traits import traits


@traits(row_wise=True)
@operation
@widened
def dice(
    y_true: ArrayLike, y_pred: ArrayLike, axis: int | tuple[int, ...] | None = None
) -> jax.Array:
    """1 - 2 · Σ y_true · y_pred / (Σ y_true + Σ y_pred + epsilon).

    Args:
        y_true: the true masks, 0 and 1, of any shape.
        y_pred: the predicted ones, from 0 to 1, of the same shape.
        axis: the axes of the sums; all, the batch among them, if `None`.

    Returns:
        The loss, of the shape that is left: a single number if `axis` is `None`.

    Raises:
        ShapeError: the shapes do not agree.
        ArgumentError: there is no such axis.

    Example:
        >>> import deepkit
        >>> round(deepkit.losses.dice([[1.0, 0.0]], [[0.5, 0.5]]).item(), 4)
        0.5
    """
    y_true, y_pred = paired(y_true, y_pred, "dice")
    axis = canonical_axes(axis, y_pred.ndim, "dice")
    overlap = jnp.sum(y_true * y_pred, axis=axis)
    sizes = jnp.sum(y_true, axis=axis) + jnp.sum(y_pred, axis=axis)
    return 1.0 - 2.0 * overlap / (sizes + config.epsilon())


class Dice(FunctionLoss):
    """Dice loss, one minus the overlap of two masks relative to their sizes.

    When to use it: for segmentation where the object is small in the image, so that a loss by pixel
    would be ruled by the background.

    Formula: L = 1 - 2 · Σ y_true · y_pred / (Σ y_true + Σ y_pred + ε)

    Paper: Milletari et al., V-Net, 2016, arXiv:1606.04797.

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        axis: the axes of the sums, such as (1, 2, 3) for one loss an image. `None`: all of them,
            which gives one number for the batch, so that samples cannot be weighted.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: `axis` is no axis.
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.Dice(axis=1)
        >>> round(float(loss([[1.0, 0.0], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]])), 4)
        0.75
    """

    fn = staticmethod(dice)
    option_names = ("axis",)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: int | tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.axis = axes_or_none("axis", axis)
