"""Sorting, searching and picking the largest."""

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._first_maximum import first_maximum
from ._promotion import promote
from ._types import TensorLike


@operation
def sort(x: TensorLike, axis: int | None = -1) -> jax.Array:
    """Returns `x` in increasing order along `axis`, nan last; the flat `x` if `None`."""
    return jnp.sort(as_array(x), axis=axis)


@operation
def argsort(x: TensorLike, axis: int | None = -1) -> jax.Array:
    """Returns the indices that put `x` in increasing order along `axis`, equals as they were."""
    x = as_array(x)
    return jnp.argsort(x, axis=None if x.ndim == 0 else axis)


@operation
def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> jax.Array:
    """Returns the index of the largest element along `axis`, the first of equals."""
    x = as_array(x)
    if axis is None or keepdims:
        return jnp.argmax(x, axis=axis, keepdims=keepdims)
    return first_maximum(x, axis)


@operation
def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> jax.Array:
    """Returns the index of the smallest element along `axis`, the first of equals."""
    return jnp.argmin(as_array(x), axis=axis, keepdims=keepdims)


@operation
def argpartition(x: TensorLike, kth: int, axis: int | None = -1) -> jax.Array:
    """Returns indices that put what is smaller than element `kth` before it, and the rest after."""
    x = as_array(x)
    if axis is None:
        return jnp.argpartition(jnp.ravel(x), kth)
    return jnp.argpartition(x, kth, axis=axis)


@operation
def searchsorted(sorted_sequence: TensorLike, values: TensorLike, side: str = "left") -> jax.Array:
    """Returns the indices at which `values` would keep a sorted sequence in order.

    Args:
        sorted_sequence: vector in increasing order.
        values: array.
        side: `"left"` or `"right"` of elements equal to the value.

    Raises:
        ShapeError: the sequence is not 1-D.
        ArgumentError: an unknown `side`.
    """
    sorted_sequence, values = promote(sorted_sequence, values)
    if sorted_sequence.ndim != 1:
        raise ShapeError(
            "Expected `sorted_sequence` to be 1-D, received shape "
            f"{tuple(sorted_sequence.shape)}. Use `ops.vectorized_map` over several sequences."
        )
    if side not in ("left", "right"):
        raise ArgumentError(f"Expected `side` to be 'left' or 'right', received {side!r}.")
    return jnp.searchsorted(sorted_sequence, values, side=side)


@operation
def top_k(x: TensorLike, k: int, sorted: bool = True) -> tuple[jax.Array, jax.Array]:
    """Returns the `k` largest elements of the last axis, the largest first, and their indices.

    Args:
        x: array of shape `(..., n)`.
        k: how many.
        sorted: accepted for Keras's signature; the result is always sorted.

    Example:
        >>> import deepkit
        >>> values, indices = deepkit.ops.top_k([3.0, 9.0, 5.0], 2)
        >>> values, indices
        (Array([9., 5.], dtype=float32), Array([1, 2], dtype=int32))
    """
    values, indices = jax.lax.top_k(as_array(x), k)
    return values, indices


@operation
def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> jax.Array:
    """Returns whether the score of each target is among the `k` highest of its row.

    Args:
        targets: integers of shape `(...,)`.
        predictions: scores of shape `(..., classes)`. Of equal scores all count as the highest of
            them; nan is below every number.
        k: how many of the highest scores count.
    """
    predictions = as_array(predictions)
    at_target = jnp.take_along_axis(predictions, as_array(targets)[..., None], axis=-1)
    at_target = jnp.where(jnp.isnan(at_target), -jnp.inf, at_target)
    return jnp.sum(predictions > at_target, axis=-1) < k


@operation
def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: TensorLike | None = None,
) -> jax.Array | tuple[jax.Array, ...]:
    """Returns the different elements of `x`.

    Args:
        x: array.
        sorted: whether they come in increasing order.
        return_index: whether to return where each occurs first.
        return_inverse: whether to return the indices that rebuild `x` from them.
        return_counts: whether to return how often each occurs.
        axis: axis whose slices are compared; the elements of the flat `x` if `None`.
        size: size of the result, needed under `jax.jit`: it is cut or filled up to that.
        fill_value: what fills it up; the smallest element if `None`.
    """
    return jnp.unique(
        as_array(x),
        return_index=return_index,
        return_inverse=return_inverse,
        return_counts=return_counts,
        axis=axis,
        equal_nan=False,
        size=size,
        fill_value=fill_value,
        sorted=sorted,
    )
