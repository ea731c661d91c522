"""Generalized cross-entropy, for labels of which some are wrong."""

from typing import Any

import jax
from jax.typing import ArrayLike

from deepkit.tensors import operation

from ._arguments import canonical_axis, number
from ._class_labels import class_labels, pick_class
from ._function_loss import FunctionLoss
from ._inputs import real_array, widened
from ._numerics import power
from ._traits import traits

_NAME = "categorical_generalized_cross_entropy"


@traits(row_wise=True, labels="classes")
@operation
@widened
def categorical_generalized_cross_entropy(
    y_true: ArrayLike, y_pred: ArrayLike, q: float
) -> jax.Array:
    """(1 - p^q) / q, with p the probability of the class that each label names.

    Args:
        y_true: integer labels (or whole floats), (N, …) or (N, …, 1).
        y_pred: probabilities, (N, …, classes).
        q: a number between 0 and 1.

    Returns:
        The loss of each sample, (N, …).

    Raises:
        ShapeError: the shapes do not agree.
        DataError: a label is fractional or names no class.

    Example:
        >>> import deepkit
        >>> y_pred = [[0.25, 0.75], [0.0, 1.0]]
        >>> deepkit.losses.categorical_generalized_cross_entropy([0, 1], y_pred, q=0.5).tolist()
        [1.0, 0.0]
    """
    y_pred = real_array(y_pred)
    axis = canonical_axis(-1, y_pred.ndim, _NAME)
    p = pick_class(y_pred, class_labels(y_true, y_pred, axis, _NAME), axis)
    return (1.0 - power(p, q)) / q


class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Generalized cross-entropy of integer labels, of which some may be wrong.

    When to use it: for classification with noisy labels. Small q is nearly the cross-entropy; q
    near 1 is nearly the mean absolute error, which learns slower and trusts labels less.

    Formula: L = (1 - p[y_true]^q) / q

    Paper: Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with
    Noisy Labels, 2018, arXiv:1805.07836.

    Args:
        q: a number between 0 and 1, both excluded.
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ArgumentError: `q` is not between 0 and 1.
        ShapeError: when called with shapes that do not agree.
        DataError: when called with a label that is fractional or names no class.

    Example:
        >>> import deepkit
        >>> loss = deepkit.losses.CategoricalGeneralizedCrossEntropy(q=0.5)
        >>> float(loss([0, 1], [[0.25, 0.75], [0.0, 1.0]]))
        0.5
    """

    fn = staticmethod(categorical_generalized_cross_entropy)
    option_names = ("q",)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.q = number("q", q, 0.0, 1.0, ends="()")
