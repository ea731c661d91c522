"""Weights by class, turned into weights by sample."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from deepkit.core import config, tree
from deepkit.core.errors import ArgumentError, DataError

from ._conversion import Array

_ROW_SUM_TOLERANCE = 1e-2  # rows of soft labels in float16 miss 1 by up to about 1e-3 a class


def class_weight_to_sample_weight(y: Any, class_weight: dict[int, float]) -> np.ndarray:
    """The weight of each sample by its class; a class that is not listed weighs 1.

    Args:
        y: integer labels of shape `(samples,)` or `(samples, 1)`, or one row of class
            probabilities a sample, of shape `(samples, classes)`.
        class_weight: weights by class.

    Returns:
        Weights of shape `(samples,)` in `floatx()`.

    Raises:
        ArgumentError: there are no targets, or several.
        DataError: the targets name no single class a sample.
    """
    if y is None or tree.is_nested(y):
        received = "none" if y is None else "several"
        raise ArgumentError(
            f"Expected one target `y` to go with `class_weight`, received {received}. "
            f"Use `sample_weight` instead."
        )
    labels = _labels(y)
    classes, index = np.unique(labels, return_inverse=True)
    weights = np.array([class_weight.get(int(label), 1.0) for label in classes], config.floatx())
    return weights[index.reshape(-1)]


def with_class_weight(
    y: Any, sample_weight: Any, class_weight: dict[int, float] | None
) -> np.ndarray | Any:
    """`sample_weight`, or the weights that `class_weight` gives.

    Raises:
        ArgumentError: both are given, or the targets do not fit `class_weight`.
    """
    if class_weight is None:
        return sample_weight
    if sample_weight is not None:
        raise ArgumentError(
            "Expected either `class_weight` or `sample_weight`, received both. "
            "Multiply the class weights into `sample_weight`."
        )
    return class_weight_to_sample_weight(y, class_weight)


def _labels(y: Array) -> np.ndarray:
    labels = np.asarray(y)
    if labels.ndim > 2:
        raise DataError(
            f"Expected `y` of shape (samples,), (samples, 1) or (samples, classes) to go with "
            f"`class_weight`, received the shape {labels.shape}. Use `sample_weight` instead."
        )
    if labels.ndim == 2 and labels.shape[1] != 1:
        return _labels_of_rows(labels)
    if jnp.issubdtype(labels.dtype, jnp.floating):
        labels = np.round(labels)
    return labels.reshape(-1).astype(np.int64)


def _labels_of_rows(rows: np.ndarray) -> np.ndarray:
    sums = rows.astype(np.float64).sum(axis=1)
    wrong = np.abs(sums - 1) > _ROW_SUM_TOLERANCE
    if wrong.any():
        sample = int(np.argmax(wrong))
        raise DataError(
            f"Expected each row of `y` to be one-hot to go with `class_weight`, received a row "
            f"that sums to {sums[sample]:g} for sample {sample}. Use `sample_weight` instead."
        )
    return rows.argmax(axis=1)
