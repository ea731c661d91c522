"""Fits labels, predictions and sample weights to each other, or says why they do not fit."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config, dtypes
from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, get_mask


def as_float(values: Any) -> jax.Array:
    """An array of a floating dtype; others become `floatx()`."""
    array = as_array(values)
    return array if dtypes.is_float(array.dtype) else array.astype(config.floatx())


def as_same_dtype(*arrays: Any) -> list[jax.Array]:
    """Arrays in the dtype in which theirs meet."""
    converted = [as_array(array) for array in arrays]
    dtype = dtypes.result_type(*(array.dtype for array in converted))
    return [array.astype(dtype) for array in converted]


def match_shapes(y_true: jax.Array, y_pred: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Labels and predictions of one shape; a last axis of size 1 may be in only one of them.

    Raises:
        ShapeError: the shapes differ otherwise. They are never broadcast.
    """
    y_true_shape, y_pred_shape = y_true.shape, y_pred.shape
    if y_true.ndim == y_pred.ndim + 1:
        y_true, y_pred = _match_last_axis(y_true, y_pred)
    elif y_pred.ndim == y_true.ndim + 1:
        y_pred, y_true = _match_last_axis(y_pred, y_true)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"Expected `y_true` and `y_pred` to have the same shape, received {y_true_shape} and "
            f"{y_pred_shape}. They are not broadcast; reshape one of them, or choose a metric "
            f"for labels of this form."
        )
    return y_true, y_pred


def _match_last_axis(longer: jax.Array, shorter: jax.Array) -> tuple[jax.Array, jax.Array]:
    if longer.shape[-1] != 1:
        return longer, shorter
    if shorter.ndim == 1:
        return longer, shorter[:, None]
    return longer[..., 0], shorter


def fit_weights(sample_weight: Any, shape: tuple[int, ...], dtype: str) -> jax.Array:
    """Sample weights whose shape is the beginning of `shape`, with 1 allowed for any size.

    One weight for all becomes one for each sample; a last axis of size 1 too many is dropped.

    Raises:
        ShapeError: the weights do not fit.
    """
    weight = as_array(sample_weight).astype(dtype)
    if weight.ndim == 0:
        return jnp.broadcast_to(weight, shape[:1])
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    sizes = zip(weight.shape, shape)
    if weight.ndim > len(shape) or any(size not in (1, wanted) for size, wanted in sizes):
        raise ShapeError(
            f"Expected `sample_weight` to have the leading axes of the values that it weighs, of "
            f"shape {tuple(shape)}, received shape {weight.shape}. Give one weight for each "
            f"sample, or one for each value."
        )
    return weight


def broadcast_weights(sample_weight: Any, shape: tuple[int, ...], dtype: str) -> jax.Array:
    """Sample weights repeated along the trailing axes that they lack, up to `shape`."""
    weight = fit_weights(sample_weight, shape, dtype)
    trailing = (1,) * (len(shape) - weight.ndim)
    return jnp.broadcast_to(weight.reshape(weight.shape + trailing), shape)


def weights_with_mask(y_pred: Any, sample_weight: Any) -> Any:
    """Sample weights that are 0 where the mask that travels with predictions leaves values out.

    Args:
        y_pred: the predictions as they came, before any conversion.
        sample_weight: weights, or `None`.

    Returns:
        The weights as they are if there is no mask, else weights of at least the mask's rank.
    """
    mask = get_mask(y_pred)
    if mask is None:
        return sample_weight
    mask = as_array(mask, "bool")
    if sample_weight is None:
        return mask.astype(config.floatx())
    weight = as_float(sample_weight)
    ndim = max(weight.ndim, mask.ndim)
    weight, mask = (part.reshape(part.shape + (1,) * (ndim - part.ndim)) for part in (weight, mask))
    return jnp.where(mask, weight, 0)
