"""Cross-entropy of one-hot labels."""

import warnings
from typing import Any

import jax
from jax.typing import ArrayLike

from deepkit.ops import nn
from deepkit.tensors import operation

from ._arguments import canonical_axis, flag, integer, number
from ._function_loss import FunctionLoss
from ._inputs import widened
from ._numerics import smooth_labels
from ._squeeze import paired
from ._traits import traits

_SHAPE_HINT = (
    "Each row of y_true is one-hot and as long as that of y_pred; for integer labels use "
    "SparseCategoricalCrossentropy, or convert them with `deepkit.utils.to_categorical`."
)


@traits(row_wise=True)
@operation
@widened
def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> jax.Array:
    """-Σ y_true · log(p) over the classes.

    Args:
        y_true: one-hot labels or probabilities, (N, …, classes).
        y_pred: probabilities p, which are divided by their sum, or logits with p = softmax(y_pred);
            of the same shape.
        from_logits: whether y_pred are logits.
        label_smoothing: s from 0 to 1; labels become (1 - s) · y_true + s / classes.
        axis: the axis of the classes.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.
        ArgumentError: there is no such axis.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        >>> round(loss.item(), 4)  # log(2)
        0.6931
    """
    y_true, y_pred, axis = prepare_classes(y_true, y_pred, "categorical_crossentropy", axis)
    y_true = smooth_labels(y_true, label_smoothing, y_pred.shape[axis])
    return nn.categorical_crossentropy(y_true, y_pred, from_logits, axis)


def prepare_classes(
    y_true: Any, y_pred: Any, loss: str, axis: int
) -> tuple[jax.Array, jax.Array, int]:
    """Arrays of one shape and the axis of the classes; warns of a single class.

    Raises:
        ShapeError: the shapes do not agree.
        ArgumentError: there is no such axis.
    """
    y_true, y_pred = paired(y_true, y_pred, loss, _SHAPE_HINT)
    axis = canonical_axis(axis, y_pred.ndim, loss)
    if y_pred.shape[axis] == 1:
        warnings.warn(
            f"The loss {loss} has a single class in y_pred of shape {y_pred.shape}, so that it "
            f"cannot teach anything. For two classes with one output use binary_crossentropy.",
            SyntaxWarning,
            stacklevel=5,  # the caller of the decorated loss function
        )
    return y_true, y_pred, axis


class CategoricalCrossentropy(FunctionLoss):
    """Cross-entropy of one-hot labels.

    When to use it: for one label out of several classes, given one-hot or as probabilities. For
    integer labels see `SparseCategoricalCrossentropy`. `from_logits=True` with a last layer without
    softmax is the more exact form.

    Formula: L = -Σ y_true · log(p)

    Paper, on label smoothing: Szegedy et al., Rethinking the Inception Architecture for Computer
    Vision, 2015, arXiv:1512.00567.

    Args:
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
        >>> loss = deepkit.losses.CategoricalCrossentropy()
        >>> round(float(loss([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])), 3)
        1.177
    """

    fn = staticmethod(categorical_crossentropy)
    option_names = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0.0, 1.0)
        self.axis = integer("axis", axis)
