"""Focal cross-entropy of one-hot labels."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from deepkit.core.errors import ShapeError
from deepkit.tensors import operation

from ._arguments import flag, integer, number
from ._categorical_crossentropy import prepare_classes
from ._function_loss import FunctionLoss
from ._inputs import widened
from ._numerics import log_probabilities, power, smooth_labels
from ._traits import traits


@traits(row_wise=True)
@operation
@widened
def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> jax.Array:
    """-Σ α · (1 - p)^γ · y_true · log(p) over the classes.

    Logits are never turned into clipped probabilities, so that a confident mistake keeps its
    gradient.

    Args:
        y_true: one-hot labels, (N, …, classes).
        y_pred: probabilities p, which are divided by their sum, or logits with p = softmax(y_pred);
            of the same shape.
        alpha: α, a weight for all classes or one for each.
        gamma: γ ≥ 0; 0 gives the plain cross-entropy times α.
        from_logits: whether y_pred are logits.
        label_smoothing: s from 0 to 1; labels become (1 - s) · y_true + s / classes.
        axis: the axis of the classes.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree, or `alpha` has not one weight for each class.
        ArgumentError: there is no such axis.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        >>> round(loss.item(), 4)  # log(2) / 16
        0.0433
    """
    name = "categorical_focal_crossentropy"
    y_true, y_pred, axis = prepare_classes(y_true, y_pred, name, axis)
    y_true = smooth_labels(y_true, label_smoothing, y_pred.shape[axis])
    log_p = log_probabilities(y_pred, from_logits, axis)
    weight = _class_weights(alpha, y_pred, axis) * power(-jnp.expm1(log_p), gamma)
    return -jnp.sum(weight * y_true * log_p, axis=axis)


def _class_weights(alpha: Any, y_pred: jax.Array, axis: int) -> jax.Array:
    """`alpha` as a number, or laid out along the axis of the classes."""
    alpha = jnp.asarray(alpha, y_pred.dtype)
    if not alpha.ndim:
        return alpha
    if alpha.shape != (y_pred.shape[axis],):
        raise ShapeError(
            f"Expected `alpha` of categorical_focal_crossentropy to be a number or one for each of "
            f"the {y_pred.shape[axis]} classes, received the shape {alpha.shape}."
        )
    return jnp.expand_dims(alpha, tuple(range(1, y_pred.ndim - axis)))


class CategoricalFocalCrossentropy(FunctionLoss):
    """Focal cross-entropy of one-hot labels.

    When to use it: as `CategoricalCrossentropy`, where easy samples or frequent classes are so many
    that they would rule the loss.

    Formula: L = -Σ α · (1 - p)^γ · y_true · log(p)

    Paper: Lin et al., Focal Loss for Dense Object Detection, 2018, arXiv:1708.02002.

    Args:
        alpha: α, a weight for all classes or a sequence with one for each, such as inverse class
            frequencies.
        gamma: γ ≥ 0; 0 gives the plain cross-entropy times α.
        from_logits: whether y_pred are logits, p = softmax(y_pred), and not probabilities.
        label_smoothing: s from 0 to 1; labels become (1 - s) · y_true + s / classes.
        axis: the axis of the classes.
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: an argument is outside of what is allowed.
        ShapeError: when called with shapes that do not agree.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=1.0)
        >>> round(float(loss([[0.0, 1.0]], [[0.5, 0.5]])), 4)  # log(2) / 2
        0.3466
    """

    fn = staticmethod(categorical_focal_crossentropy)
    option_names = ("alpha", "gamma", "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if isinstance(alpha, list | tuple | np.ndarray):
            self.alpha: Any = [number("alpha", weight, 0.0, ends="[)") for weight in alpha]
        else:
            self.alpha = number("alpha", alpha, 0.0, ends="[)")
        self.gamma = number("gamma", gamma, 0.0, ends="[)")
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0.0, 1.0)
        self.axis = integer("axis", axis)
