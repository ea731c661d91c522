"""Counts, bins, correlations and distances."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._promotion import as_float, promote, promote_floats
from ._types import TensorLike


@operation
def bincount(
    x: TensorLike, weights: TensorLike | None = None, minlength: int = 0, sparse: bool = False
) -> jax.Array:
    """Returns how often each of 0, 1, 2, … occurs in `x`.

    The size of the result depends on the values, so this cannot be compiled by `jax.jit`.

    Args:
        x: integers of shape `(n,)`, or `(rows, n)`, then counted by row.
        weights: what each element counts; 1 if `None`.
        minlength: least size of the result.
        sparse: must be `False`.

    Raises:
        ArgumentError: `sparse` is true.
        ShapeError: `x` has neither one nor two axes.

    Example:
        >>> import deepkit
        >>> deepkit.ops.bincount([0, 2, 2], minlength=4)
        Array([1, 0, 2, 0], dtype=int32)
    """
    if sparse:
        raise ArgumentError("Expected `sparse=False` in `bincount`: its results are dense arrays.")
    x = as_array(x)
    if x.ndim not in (1, 2):
        raise ShapeError(
            f"Expected `x` of `bincount` to have 1 or 2 axes, received shape {tuple(x.shape)}."
        )
    length = max(minlength, int(np.asarray(x).max()) + 1 if x.size else 0)
    if weights is None:
        counts = jnp.ones(x.shape, jnp.int32)
    else:
        counts = as_array(weights)

    def count(row: jax.Array, row_counts: jax.Array) -> jax.Array:
        return jnp.zeros(length, row_counts.dtype).at[row].add(row_counts)

    return count(x, counts) if x.ndim == 1 else jax.vmap(count)(x, counts)


@operation
def histogram(
    x: TensorLike, bins: Any = 10, range: tuple[float, float] | None = None
) -> tuple[jax.Array, jax.Array]:
    """Returns the counts of `x` in bins, and the edges of the bins.

    Args:
        x: array; taken flat.
        bins: number of bins of equal width, or their edges.
        range: lowest and highest edge; those of `x` if `None`.

    Raises:
        ArgumentError: `range` is not two numbers in order, or `bins` is no positive number.
    """
    if isinstance(bins, int) and bins < 1:
        raise ArgumentError(f"Expected `bins` of `histogram` to be 1 or more, received {bins}.")
    if range is not None and (len(range) != 2 or range[1] < range[0]):
        raise ArgumentError(
            f"Expected `range` of `histogram` to be (lowest, highest), received {range}."
        )
    x = as_float(x)
    if not isinstance(bins, int):
        bins = as_array(bins, x.dtype)
    return jnp.histogram(x, bins=bins, range=None if range is None else as_array(range, x.dtype))


@operation
def digitize(x: TensorLike, bins: TensorLike) -> jax.Array:
    """Returns the index of the bin that each element falls into.

    Args:
        x: array.
        bins: edges in increasing or decreasing order; bin `i` reaches from edge `i - 1` to `i`.

    Raises:
        ShapeError: `bins` is not 1-D.

    Example:
        >>> import deepkit
        >>> deepkit.ops.digitize([0.5, 1.5, 9.0], [0.0, 1.0, 2.0])
        Array([1, 2, 3], dtype=int32)
    """
    x, bins = promote(x, bins)
    if bins.ndim != 1:
        raise ShapeError(
            f"Expected `bins` of `digitize` to be 1-D, received shape {tuple(bins.shape)}."
        )
    return jnp.digitize(x, bins)


@operation
def correlate(x1: TensorLike, x2: TensorLike, mode: str = "valid") -> jax.Array:
    """Returns the cross-correlation of two vectors.

    Args:
        x1: vector.
        x2: vector.
        mode: `"valid"` (where they overlap wholly), `"same"` (size of the longer) or `"full"`.
    """
    return jnp.correlate(*promote_floats(x1, x2), mode=mode)


@operation
def corrcoef(x: TensorLike) -> jax.Array:
    """Returns the correlation coefficients of the rows of `x`."""
    return jnp.corrcoef(as_float(x))


@operation
def cdist(x: TensorLike, y: TensorLike) -> jax.Array:
    """Returns the Euclidean distances of every point of `x` from every point of `y`.

    Args:
        x: points of shape `(..., n, dimensions)`.
        y: points of shape `(..., m, dimensions)`.

    Returns:
        Distances of shape `(..., n, m)`.

    Raises:
        ShapeError: the points are not of one dimension.

    Example:
        >>> import deepkit
        >>> deepkit.ops.cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])
        Array([[5., 1.]], dtype=float32)
    """
    x, y = promote_floats(x, y)
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            "Expected `x` and `y` of `cdist` to have shapes (..., n, d) and (..., m, d), received "
            f"{tuple(x.shape)} and {tuple(y.shape)}."
        )
    return _safe_norm(x[..., :, None, :] - y[..., None, :, :])


def _safe_norm(x: jax.Array) -> jax.Array:
    """The norm over the last axis, with gradient 0 and not nan at 0."""
    squares = jnp.sum(jnp.square(x), axis=-1)
    is_zero = squares == 0
    return jnp.where(is_zero, 0.0, jnp.sqrt(jnp.where(is_zero, 1.0, squares)))
