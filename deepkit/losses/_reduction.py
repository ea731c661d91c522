"""Weighs the losses of samples and reduces them to one number."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)


class Reduction:
    """Older names of the reductions, as in `Reduction.NONE`; the plain strings do the same."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"


def standardize_reduction(reduction: str | None) -> str | None:
    """A reduction that `reduce_losses` knows; the older `"auto"` is `"sum_over_batch_size"`.

    Raises:
        ArgumentError: there is no such reduction.
    """
    if reduction == Reduction.AUTO:
        return Reduction.SUM_OVER_BATCH_SIZE
    if reduction not in REDUCTIONS:
        raise ArgumentError(
            f"Expected `reduction` to be one of {REDUCTIONS}, received {reduction!r}."
        )
    return reduction


def reduce_losses(
    values: jax.Array,
    sample_weight: Any = None,
    mask: Any = None,
    reduction: str | None = "sum_over_batch_size",
    loss: str = "the loss",
) -> jax.Array:
    """The weighted losses, reduced.

    Args:
        values: the loss of each sample, (N,) or (N, T, …); a single number if the loss reduced
            its batch itself.
        sample_weight: a number, or an array with the leading axes of `values`.
        mask: an array with the leading axes of `values`, false where an entry does not count. A
            mean is taken over the entries that count. A single number has no entries to mask.
        reduction: `"sum_over_batch_size"` and `"mean"` divide the sum by the number of values,
            `"mean_with_sample_weight"` by the sum of the weights; `"sum"` sums; `"none"` and
            `None` leave the values as they are.
        loss: the name of the loss, for messages.

    Raises:
        ShapeError: the weights or the mask do not fit the values.
    """
    weight = None
    if sample_weight is not None:
        weight = spread(as_array(sample_weight, values.dtype), values.shape, "sample_weight", loss)
    if mask is not None and values.ndim:
        mask = spread(as_array(mask, "bool"), values.shape, "mask", loss)
        values = jnp.where(mask, values, 0.0)
        mask_weight = _mask_weight(mask, values.dtype, reduction)
        weight = mask_weight if weight is None else weight * mask_weight
    if weight is not None:
        values = values * weight
    if reduction in (None, "none") or not values.ndim:
        return values
    return _reduce(values, weight, reduction)


def spread(weight: jax.Array, shape: tuple[int, ...], argument: str, loss: str) -> jax.Array:
    """Weights with axes of size 1 at the end, so that they broadcast along the leading axes.

    Args:
        weight: of shape (), (N,), (N, 1), (N, T) …
        shape: the shape of the losses.
        argument, loss: names, for messages.

    Raises:
        ShapeError: the axes of `weight` are not the first ones of `shape`.
    """
    given = weight.shape
    while weight.ndim > max(len(shape), 1) and weight.shape[-1] == 1:
        weight = jnp.squeeze(weight, -1)
    fits = weight.ndim <= len(shape) and all(
        size == wanted or (size == 1 and position > 0)
        for position, (size, wanted) in enumerate(zip(weight.shape, shape))
    )
    if not fits:
        raise ShapeError(
            f"Expected `{argument}` of {loss} to have the leading axes of its losses, whose shape "
            f"is {shape}, received the shape {given}. {_advice(shape)}"
        )
    return jnp.reshape(weight, weight.shape + (1,) * (len(shape) - weight.ndim))


def _advice(shape: tuple[int, ...]) -> str:
    if not shape:
        return (
            "This loss gave one number for all samples, so that nothing is left to weigh: let it "
            "return one value for each sample, and let y_pred have an axis after that of the "
            "samples, (N, 1) and not (N,)."
        )
    return f"Give one weight for each sample, of shape ({shape[0]},), or one for each value."


def _mask_weight(mask: jax.Array, dtype: Any, reduction: str | None) -> jax.Array:
    """Weights that make a division by all entries one by those that count.

    mean(loss · mask · total / valid) = sum(loss · mask) / valid
    """
    weight = mask.astype(dtype)
    if reduction not in ("mean", "sum_over_batch_size"):
        return weight
    total = jnp.asarray(float(mask.size), jnp.float32)
    valid = jnp.sum(mask, dtype=jnp.float32)
    return weight * _divide_no_nan(total, valid).astype(dtype)


def _reduce(values: jax.Array, weight: jax.Array | None, reduction: str) -> jax.Array:
    # Sums of half precision values pass 65504 soon, and stop growing long before.
    wide = dtypes.result_type(values.dtype, "float32")
    total = jnp.sum(values, dtype=wide)
    if reduction == "mean_with_sample_weight" and weight is not None:
        total = _divide_no_nan(total, jnp.sum(weight, dtype=wide))
    elif reduction != "sum":
        total = total / max(values.size, 1)
    return total.astype(values.dtype)


def _divide_no_nan(x: jax.Array, y: jax.Array) -> jax.Array:
    """x / y, and 0 where y is 0, in the gradient too."""
    is_zero = y == 0
    return jnp.where(is_zero, 0.0, x / jnp.where(is_zero, 1.0, y))
