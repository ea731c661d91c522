"""Medians, quantiles and percentiles."""

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array, operation

from ._promotion import as_float, axes
from ._types import Axis, TensorLike


@operation
def median(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the middle value over `axis`, or the mean of the two middle ones."""
    return jnp.median(as_float(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanmedian(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the median over `axis` of what is not nan."""
    return jnp.nanmedian(as_float(x), axis=axes(axis), keepdims=keepdims)


@operation
def quantile(
    x: TensorLike,
    q: TensorLike,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> jax.Array:
    """Returns the values below which the shares `q` of the elements over `axis` lie.

    Args:
        x: array of any shape.
        q: shares in [0, 1]; their axes come first in the result.
        axis: axis or axes to look over; all if `None`.
        method: what to return between two elements: `"linear"`, `"lower"`, `"higher"`,
            `"midpoint"` or `"nearest"`.
        keepdims: whether the axes stay, with size 1.

    Example:
        >>> import deepkit
        >>> deepkit.ops.quantile([0.0, 1.0, 2.0, 3.0], [0.0, 0.5])
        Array([0. , 1.5], dtype=float32)
    """
    x, q = _prepare(x, q)
    return jnp.quantile(x, q, axis=axes(axis), method=method, keepdims=keepdims)


@operation
def nanquantile(
    x: TensorLike,
    q: TensorLike,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> jax.Array:
    """Returns the `quantile`s of what is not nan."""
    x, q = _prepare(x, q)
    return jnp.nanquantile(x, q, axis=axes(axis), method=method, keepdims=keepdims)


@operation
def percentile(
    x: TensorLike,
    q: TensorLike,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> jax.Array:
    """Returns the `quantile`s for shares `q` in percent."""
    x, q = _prepare(x, q)
    return jnp.percentile(x, q, axis=axes(axis), method=method, keepdims=keepdims)


@operation
def nanpercentile(
    x: TensorLike,
    q: TensorLike,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> jax.Array:
    """Returns the `percentile`s of what is not nan."""
    x, q = _prepare(x, q)
    return jnp.nanpercentile(x, q, axis=axes(axis), method=method, keepdims=keepdims)


def _prepare(x: TensorLike, q: TensorLike) -> tuple[jax.Array, jax.Array]:
    x = as_float(x)
    return x, as_array(q, x.dtype)
