"""Cross-entropy of integer labels."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from deepkit.tensors import as_array, operation

from ._arguments import canonical_axis, flag, integer
from ._class_labels import class_labels, pick_class, whole_numbers
from ._function_loss import FunctionLoss
from ._inputs import real_array, widened
from ._log_likelihood import log_likelihood
from ._numerics import log_ratio
from ._traits import traits

_NAME = "sparse_categorical_crossentropy"


def _not_ignored(
    y_true: Any, values: jax.Array, *, ignore_class: int | None = None, **_: Any
) -> jax.Array | None:
    if ignore_class is None:
        return None
    return jnp.reshape(whole_numbers(as_array(y_true)), values.shape) != ignore_class


@traits(row_wise=True, labels="classes", valid_entries=_not_ignored)
@operation
@widened
def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> jax.Array:
    """-log(p) of the class that each label names.

    Args:
        y_true: integer labels (or whole floats), (N, …) or (N, …, 1).
        y_pred: probabilities p, which are divided by their sum, or logits with p = softmax(y_pred);
            (N, …, classes).
        from_logits: whether y_pred are logits.
        ignore_class: a label whose entries do not count; their loss is 0.
        axis: the axis of the classes.

    Returns:
        The loss of each sample, (N, …). Where labels are traced, so that their values cannot be
        checked, a label that names no class gives NaN.

    Raises:
        ShapeError: the shapes do not agree.
        DataError: a label is fractional or names no class.
        ArgumentError: there is no such axis.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.sparse_categorical_crossentropy([0], [[0.5, 0.25, 0.25]])
        >>> round(loss.item(), 4)  # log(2)
        0.6931
    """
    y_pred = real_array(y_pred)
    axis = canonical_axis(axis, y_pred.ndim, _NAME)
    labels = class_labels(y_true, y_pred, axis, _NAME, ignore_class)
    if ignore_class is None:
        return _losses(labels, y_pred, from_logits, axis)
    counts = labels != ignore_class
    # Predictions at ignored places may be anything; NaN there must not reach the gradient.
    y_pred = jnp.where(jnp.expand_dims(counts, axis), y_pred, 1.0)
    return jnp.where(counts, _losses(jnp.where(counts, labels, 0), y_pred, from_logits, axis), 0.0)


def _losses(labels: jax.Array, y_pred: jax.Array, from_logits: bool, axis: int) -> jax.Array:
    if from_logits:
        return -log_likelihood(y_pred, labels, axis)
    return -log_ratio(pick_class(y_pred, labels, axis), jnp.sum(y_pred, axis=axis))


class SparseCategoricalCrossentropy(FunctionLoss):
    """Cross-entropy of integer labels.

    When to use it: for one label out of several classes, given by its number. For one-hot labels
    see `CategoricalCrossentropy`. `from_logits=True` with a last layer without softmax is the more
    exact form.

    Formula: L = -log(p[y_true])

    Args:
        from_logits: whether y_pred are logits, p = softmax(y_pred), and not probabilities.
        ignore_class: a label whose entries do not count, in means neither.
        reduction: as in `Loss`.
        axis: the axis of the classes.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: an argument is outside of what is allowed.
        ShapeError: when called with shapes that do not agree.
        DataError: when called with a label that is fractional or names no class.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.SparseCategoricalCrossentropy()
        >>> round(float(loss([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])), 3)
        1.177
    """

    fn = staticmethod(sparse_categorical_crossentropy)
    option_names = ("from_logits", "ignore_class", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.ignore_class = None if ignore_class is None else integer("ignore_class", ignore_class)
        self.axis = integer("axis", axis)
