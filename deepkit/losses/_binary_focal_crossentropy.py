"""Focal cross-entropy of independent yes-or-no labels."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.ops import nn
from deepkit.tensors import operation

from ._arguments import canonical_axis, flag, integer, number
from ._binary_crossentropy import SHAPE_HINT
from ._function_loss import FunctionLoss
from ._inputs import widened
from ._numerics import power, smooth_labels
from ._squeeze import paired
from ._traits import traits


@traits(row_wise=True)
@operation
@widened
def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> jax.Array:
    """The mean over an axis of the binary cross-entropy times (1 - p_t)^γ.

    p_t is the probability given to the true label. Logits are never turned into clipped
    probabilities, so that a confident mistake keeps its gradient.

    Args:
        y_true: labels 0 and 1, (N, …, D).
        y_pred: probabilities p, or logits with p = sigmoid(y_pred); of the same shape.
        apply_class_balancing: whether losses of label 1 are weighted by α, those of 0 by 1 - α.
        alpha: α from 0 to 1.
        gamma: γ ≥ 0; 0 gives the plain cross-entropy.
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
        >>> loss = deepkit.losses.binary_focal_crossentropy([[1.0]], [[0.5]])
        >>> round(loss.item(), 4)  # log(2) / 4
        0.1733
    """
    y_true, y_pred = paired(y_true, y_pred, "binary_focal_crossentropy", SHAPE_HINT)
    axis = canonical_axis(axis, y_pred.ndim, "binary_focal_crossentropy")
    y_true = smooth_labels(y_true, label_smoothing, 2)
    losses = nn.binary_crossentropy(y_true, y_pred, from_logits)
    # 1 - p_t, from sigmoid(-x) and not 1 - sigmoid(x), which is rounded to 0 for sure predictions.
    p = jax.nn.sigmoid(y_pred) if from_logits else y_pred
    not_p = jax.nn.sigmoid(-y_pred) if from_logits else 1.0 - y_pred
    losses = losses * power(y_true * not_p + (1.0 - y_true) * p, gamma)
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return jnp.mean(losses, axis=axis)


class BinaryFocalCrossentropy(FunctionLoss):
    """Focal cross-entropy of independent yes-or-no labels.

    When to use it: as `BinaryCrossentropy`, where easy samples are so many that they would rule the
    loss, as the background in object detection.

    Formula: L = mean((1 - p_t)^γ · crossentropy), p_t = y_true · p + (1 - y_true) · (1 - p)

    Paper: Lin et al., Focal Loss for Dense Object Detection, 2018, arXiv:1708.02002.

    Args:
        apply_class_balancing: whether losses of label 1 are weighted by α, those of 0 by 1 - α.
        alpha: α from 0 to 1.
        gamma: γ ≥ 0; 0 gives the plain cross-entropy.
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
        >>> loss = deepkit.losses.BinaryFocalCrossentropy(gamma=1.0, from_logits=True)
        >>> round(float(loss([[1.0]], [[0.0]])), 4)  # log(2) / 2
        0.3466
    """

    fn = staticmethod(binary_focal_crossentropy)
    option_names = (
        "apply_class_balancing",
        "alpha",
        "gamma",
        "from_logits",
        "label_smoothing",
        "axis",
    )

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.apply_class_balancing = flag("apply_class_balancing", apply_class_balancing)
        self.alpha = number("alpha", alpha, 0.0, 1.0)
        self.gamma = number("gamma", gamma, 0.0, ends="[)")
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0.0, 1.0)
        self.axis = integer("axis", axis)
