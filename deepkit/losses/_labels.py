"""Checks integer class labels while their values can still be read."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core.errors import DataError, DTypeError
from deepkit.tensors import check_values


def check_labels(
    y_true: Any, num_classes: int | None = None, ignore_class: int | None = None
) -> None:
    """Refuse labels that name no class; labels that are being traced pass unread.

    Args:
        y_true: integers, or floats that are whole numbers, of any shape.
        num_classes: labels must be 0 … num_classes - 1; `None` lets every whole number pass.
        ignore_class: a label that is allowed besides.

    Raises:
        DTypeError: the labels are text or objects.
        DataError: a label is fractional or names no class; the message says where.
    """
    if isinstance(y_true, jax.core.Tracer):
        _note(y_true, num_classes, ignore_class)
        return
    labels = readable_labels(y_true)
    if labels is None or not labels.size or _all_fit(labels, num_classes):
        return
    bad = labels != np.trunc(labels)
    if num_classes is not None:
        bad |= (labels < 0) | (labels >= num_classes)
    if ignore_class is not None:
        bad &= labels != ignore_class
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        count = int(bad.sum())
        raise DataError(_message(place, labels[place].item(), count, labels.size, num_classes))


def _note(labels: jax.Array, num_classes: int | None, ignore_class: int | None) -> None:
    """Leave the check of labels that are being traced to whoever runs the program."""

    def is_bad(labels: Any) -> Any:
        if jnp.issubdtype(labels.dtype, jnp.integer):
            labels = labels.astype(jnp.int32)  # uint8 is compared with neither -1 nor 300
        bad = labels != jnp.trunc(labels)
        if num_classes is not None:
            bad |= (labels < 0) | (labels >= num_classes)
        return bad if ignore_class is None else bad & (labels != ignore_class)

    def refuse(place: tuple[int, ...], value: Any) -> None:
        raise DataError(_message(place, value, 1, 1, num_classes))

    if jnp.issubdtype(labels.dtype, jnp.number):
        check_values(labels, is_bad, refuse)


def readable_labels(y_true: Any) -> np.ndarray | None:
    """The labels on the host, or `None` for those that have no values yet."""
    if isinstance(y_true, jax.core.Tracer):
        return None
    if isinstance(y_true, jax.Array) and not y_true.is_fully_addressable:
        return None  # parts of it lie on other hosts
    try:
        labels = np.asarray(y_true)
    except jax.errors.TracerArrayConversionError:
        return None
    if labels.dtype.kind in "OUSMm":
        raise DTypeError(
            f"Expected class labels as whole numbers, received the dtype {labels.dtype}. Number "
            f"the classes first, for instance with a `StringLookup` layer."
        )
    # NumPy's own integer and float kinds; bfloat16 and the like are of kind "V".
    return labels if labels.dtype.kind in "biuf" else labels.astype(np.float32)


def _all_fit(labels: np.ndarray, num_classes: int | None) -> bool:
    """The quick way out: two reductions, and no array of the labels' size for integers."""
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.trunc(labels)):
        return False
    return num_classes is None or bool(labels.min() >= 0 and labels.max() < num_classes)


def _message(
    place: tuple[int, ...], value: Any, count: int, size: int, num_classes: int | None
) -> str:
    where = f"y_true[{', '.join(map(str, place))}]" if place else "y_true"
    more = f" ({count} labels of {size} are wrong)" if count > 1 else ""
    if num_classes is None or value != np.trunc(value):
        return (
            f"Expected class labels to be whole numbers, received {where} = {value}{more}. If "
            f"y_true holds probabilities or one-hot rows, use CategoricalCrossentropy; if it "
            f"holds real numbers to predict, a regression loss."
        )
    return (
        f"Expected class labels from 0 to {num_classes - 1}, because y_pred has {num_classes} "
        f"classes, received {where} = {value}{more}. Number the classes from 0, give the model's "
        f"last layer one unit for each class, or name the label of entries that do not count as "
        f"`ignore_class`."
    )
