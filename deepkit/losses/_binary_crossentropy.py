"""Cross-entropy of independent yes-or-no labels."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.ops import nn
from deepkit.tensors import operation

from ._arguments import canonical_axis, flag, integer, number
from ._function_loss import FunctionLoss
from ._inputs import widened
from ._numerics import smooth_labels
from ._squeeze import paired
from ._traits import traits

SHAPE_HINT = (
    "Give y_true one value of 0 or 1 for each output; if it holds the numbers of more than two "
    "classes, use SparseCategoricalCrossentropy."
)


@traits(row_wise=True)
@operation
@widened
def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> jax.Array:
    """The mean of -y_true · log(p) - (1 - y_true) · log(1 - p) over an axis.

    Args:
        y_true: labels 0 and 1, or numbers between, (N, …, D).
        y_pred: probabilities p, or logits with p = sigmoid(y_pred); of the same shape.
        from_logits: whether y_pred are logits.
        label_smoothing: s from 0 to 1; labels become (1 - s) · y_true + s / 2.
        axis: the axis over which the mean is taken.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.
        ArgumentError: there is no such axis.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.binary_crossentropy([[1.0, 0.0]], [[0.5, 0.5]])
        >>> round(loss.item(), 4)  # log(2)
        0.6931
    """
    y_true, y_pred = paired(y_true, y_pred, "binary_crossentropy", SHAPE_HINT)
    axis = canonical_axis(axis, y_pred.ndim, "binary_crossentropy")
    y_true = smooth_labels(y_true, label_smoothing, 2)
    return jnp.mean(nn.binary_crossentropy(y_true, y_pred, from_logits), axis=axis)


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy of independent yes-or-no labels.

    When to use it: for two classes (one output), or several labels that may hold at once (an output
    for each). `from_logits=True` with a last layer without sigmoid is the more exact form.

    Formula: L = mean(-y_true · log(p) - (1 - y_true) · log(1 - p))

    Args:
        from_logits: whether y_pred are logits, p = sigmoid(y_pred), and not probabilities.
        label_smoothing: s from 0 to 1; labels become (1 - s) · y_true + s / 2.
        axis: the axis over which the mean is taken.
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: an argument is outside of what is allowed.
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.BinaryCrossentropy(from_logits=True)
        >>> round(float(loss([[1.0], [0.0]], [[0.0], [0.0]])), 4)
        0.6931
    """

    fn = staticmethod(binary_crossentropy)
    option_names = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0.0, 1.0)
        self.axis = integer("axis", axis)
