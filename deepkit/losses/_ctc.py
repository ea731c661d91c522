"""Connectionist temporal classification."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from deepkit.core.errors import DataError, ShapeError
from deepkit.ops import nn
from deepkit.tensors import as_array, operation

from ._class_labels import whole_numbers
from ._function_loss import FunctionLoss
from ._inputs import real_array
from ._labels import check_labels, readable_labels
from ._traits import traits

_BLANK = 0


@traits(row_wise=True, labels="classes")
@operation
def ctc(y_true: ArrayLike, y_pred: ArrayLike) -> jax.Array:
    """-log of the probability of a label sequence, over all its alignments with the time steps.

    Args:
        y_true: label sequences, (N, L); each is padded at its end with 0, the blank.
        y_pred: logits of each time step, (N, T, classes), the blank being class 0.

    Returns:
        The loss of each sequence, (N,), in float32 at least.

    Raises:
        ShapeError: the shapes are not those.
        DataError: a label is fractional or names no class, or a blank stands before a label.

    Example:
        >>> import deepkit
        >>> round(deepkit.losses.ctc([[1, 0]], [[[0.0, 0.0]]]).item(), 4)  # one step, log(2)
        0.6931
    """
    y_pred = real_array(y_pred)
    labels = as_array(y_true)
    if labels.ndim != 2 or y_pred.ndim != 3 or labels.shape[0] != y_pred.shape[0]:
        raise ShapeError(
            f"Expected y_true of shape (samples, labels) and y_pred of shape (samples, time steps, "
            f"classes) in ctc, received y_true of shape {labels.shape} and y_pred of shape "
            f"{y_pred.shape}."
        )
    check_labels(y_true, y_pred.shape[2])
    _check_padding(y_true)
    labels = whole_numbers(labels)
    label_lengths = jnp.sum(labels != _BLANK, axis=-1, dtype=jnp.int32)
    steps = jnp.full(y_pred.shape[:1], y_pred.shape[1], jnp.int32)
    return nn.ctc_loss(labels, y_pred, label_lengths, steps, mask_index=_BLANK)


def _check_padding(y_true: Any) -> None:
    labels = readable_labels(y_true)
    if labels is None:
        return
    early = (labels[:, :-1] == _BLANK) & (labels[:, 1:] != _BLANK)
    if early.any():
        row, column = np.argwhere(early)[0]
        raise DataError(
            f"Expected 0 in y_true of ctc only as padding after the labels of a row, received "
            f"y_true[{row}, {column}] = 0 before y_true[{row}, {column + 1}] = "
            f"{labels[row, column + 1]}. Number the labels from 1."
        )


class CTC(FunctionLoss):
    """Connectionist temporal classification, for sequences whose alignment is not known.

    When to use it: where the labels of a sequence are known in their order but not in time, as in
    speech and handwriting recognition. The last layer gives logits for each time step, without
    softmax; class 0 is the blank, so that labels count from 1.

    Formula: L = -log Σ Π_t p_t(a_t), the sum over all alignments a of the labels with the steps

    Paper: Graves et al., Connectionist Temporal Classification, 2006.

    Args:
        reduction: as in `Loss`.
        name: the name of the loss.
        dtype: as in `Loss`.

    Raises:
        ShapeError: when called with other shapes than (N, L) and (N, T, classes).
        DataError: when called with labels that cannot be right.

    Example:
        >>> import deepkit
        >>> round(float(deepkit.losses.CTC()([[1, 0]], [[[0.0, 0.0]]])), 4)
        0.6931
    """

    fn = staticmethod(ctc)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
