"""Turns class numbers into one-hot rows."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config
from deepkit.core.errors import ArgumentError, DataError


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray | jax.Array:
    """One-hot rows for class numbers.

    Use it for losses that take a row of class probabilities; the sparse ones take the numbers.

    Args:
        x: array-like of integers from 0 to `num_classes - 1`; a last axis of length 1 is dropped.
        num_classes: length of a row; by default the largest number plus 1.

    Returns:
        An array of one more axis in `floatx()`; a JAX array for a JAX array, otherwise NumPy's.

    Raises:
        DataError: a number is no class; the message names it and its position.
        ArgumentError: `num_classes` is no integer of at least 1.

    Example:
        >>> import deepkit
        >>> print(deepkit.utils.to_categorical([0, 2, 1]))
        [[1. 0. 0.]
         [0. 0. 1.]
         [0. 1. 0.]]
    """
    if num_classes is not None and (isinstance(num_classes, bool) or num_classes < 1):
        raise ArgumentError(f"Expected `num_classes` to be at least 1, received {num_classes!r}.")
    traced = isinstance(x, jax.core.Tracer)
    labels = x if traced else np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if traced:
        if num_classes is None:
            raise ArgumentError(
                "Expected `num_classes` inside of a compiled function, received None."
            )
        return jax.nn.one_hot(labels, num_classes, dtype=config.floatx())
    if labels.dtype.kind not in "biuf":
        raise DataError(f"Expected class numbers, received an array of dtype {labels.dtype}.")
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    _check_labels(labels, num_classes)
    rows = (labels[..., None] == np.arange(num_classes)).astype(config.floatx())
    return jnp.asarray(rows) if isinstance(x, jax.Array) else rows


def _check_labels(labels: np.ndarray, num_classes: int) -> None:
    wrong = ~((labels >= 0) & (labels < num_classes) & (labels == np.floor(labels)))
    if wrong.any():
        position = [int(i) for i in np.argwhere(wrong)[0]]
        raise DataError(
            f"Expected integers from 0 to {num_classes - 1} as class numbers, received "
            f"{labels[tuple(position)]} at {position}."
        )
