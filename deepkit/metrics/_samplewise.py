"""Weighs values and reduces them to one for each sample."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array

from ._shapes import fit_weights

Reduction = Callable[..., jax.Array]


def reduce_samplewise(
    values: Any, sample_weight: Any, reduction: Reduction, dtype: str
) -> tuple[jax.Array, jax.Array | None]:
    """Weighted values and weights, one for each sample.

    Args:
        values: shape `(batch, ...)`, or a scalar.
        sample_weight: weights of the shape of the first axes of `values`, or `None`.
        reduction: `jnp.sum` or `jnp.mean`, taken over all axes after the first.
        dtype: dtype of what is returned.

    Returns:
        Arrays of shape `(batch,)`: the reduced products of values and weights, and the reduced
        weights (`None` without weights). A weight of 0 leaves its value out even if that is NaN.
    """
    values = as_array(values).astype(dtype)
    if sample_weight is None:
        return _reduce_from(1, values, reduction), None
    weight = fit_weights(sample_weight, values.shape, dtype)
    values = _reduce_from(weight.ndim, values, reduction)
    weight = jnp.broadcast_to(weight, values.shape)
    values = jnp.where(weight == 0, 0, values * weight)
    return _reduce_from(1, values, reduction), _reduce_from(1, weight, reduction)


def _reduce_from(axis: int, values: jax.Array, reduction: Reduction) -> jax.Array:
    axes = tuple(range(axis, values.ndim))
    return reduction(values, axis=axes) if axes else values
