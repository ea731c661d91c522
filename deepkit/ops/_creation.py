"""New arrays: constants, ranges, grids and identity matrices."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.tensors import as_array, operation

from ._promotion import promote_floats
from ._types import DType, Shape, TensorLike


def zeros(shape: Shape, dtype: DType = None) -> jax.Array:
    """Returns an array of zeros; `floatx()` if `dtype` is `None`."""
    return jnp.zeros(shape, _dtype(dtype))


def ones(shape: Shape, dtype: DType = None) -> jax.Array:
    """Returns an array of ones; `floatx()` if `dtype` is `None`."""
    return jnp.ones(shape, _dtype(dtype))


def empty(shape: Shape, dtype: DType = None) -> jax.Array:
    """Returns an array whose values nobody should rely on; `floatx()` if `dtype` is `None`."""
    return jnp.empty(shape, _dtype(dtype))


@operation
def _full(fill_value: TensorLike, shape: Shape, dtype: DType) -> jax.Array:
    return jnp.full(shape, as_array(fill_value, dtype))


def full(shape: Shape, fill_value: TensorLike, dtype: DType = None) -> jax.Array:
    """Returns an array filled with one value; `floatx()` if `dtype` is `None`."""
    return _full(fill_value, shape, _dtype(dtype))


@operation
def zeros_like(x: TensorLike, dtype: DType = None) -> jax.Array:
    """Returns zeros of the shape, and if `dtype` is `None` the dtype, of `x`."""
    return jnp.zeros_like(as_array(x), dtype=_optional(dtype))


@operation
def ones_like(x: TensorLike, dtype: DType = None) -> jax.Array:
    """Returns ones of the shape, and if `dtype` is `None` the dtype, of `x`."""
    return jnp.ones_like(as_array(x), dtype=_optional(dtype))


@operation
def empty_like(x: TensorLike, dtype: DType = None) -> jax.Array:
    """Returns an array of the shape and dtype of `x` whose values nobody should rely on."""
    return jnp.empty_like(as_array(x), dtype=_optional(dtype))


@operation
def full_like(x: TensorLike, fill_value: TensorLike, dtype: DType = None) -> jax.Array:
    """Returns one value in the shape, and if `dtype` is `None` the dtype, of `x`."""
    x = as_array(x)
    return jnp.full_like(x, as_array(fill_value, _optional(dtype) or x.dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> jax.Array:
    """Returns a matrix with ones on diagonal `k` and zeros elsewhere.

    Args:
        N: number of rows.
        M: number of columns; `N` if `None`.
        k: which diagonal: above the main one if positive.
        dtype: `floatx()` if `None`.
    """
    return jnp.eye(N, M, k=k, dtype=_dtype(dtype))


def identity(n: int, dtype: DType = None) -> jax.Array:
    """Returns the identity matrix with `n` rows."""
    return jnp.identity(n, _dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> jax.Array:
    """Returns a matrix with ones on and below diagonal `k` and zeros above.

    The arguments are those of `eye`.
    """
    return jnp.tri(N, M, k=k, dtype=_dtype(dtype))


def arange(
    start: Any, stop: Any | None = None, step: Any | None = None, dtype: DType = None
) -> jax.Array:
    """Returns the numbers from `start` up to, and without, `stop`; from 0 if one bound is given.

    Example:
        >>> import deepkit
        >>> deepkit.ops.arange(1, 7, 2)
        Array([1, 3, 5], dtype=int32)
    """
    if dtype is None:
        given = [bound for bound in (start, stop, step) if bound is not None]
        dtype = dtypes.result_type(*(getattr(bound, "dtype", type(bound)) for bound in given))
    return jnp.arange(start, stop, step, dtype=dtypes.standardize_dtype(dtype))


@operation
def linspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DType = None,
    axis: int = 0,
) -> jax.Array | tuple[jax.Array, jax.Array]:
    """Returns numbers at equal distances.

    Args:
        start: first number, or array of them.
        stop: last number, or array of them.
        num: how many.
        endpoint: whether `stop` is one of them.
        retstep: whether to return the distance too.
        dtype: that of `start` and `stop` as floats if `None`.
        axis: axis of the result along which the numbers lie.
    """
    start, stop = promote_floats(start, stop)
    return jnp.linspace(
        start, stop, num, endpoint=endpoint, retstep=retstep, dtype=_optional(dtype), axis=axis
    )


@operation
def logspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    base: TensorLike = 10,
    dtype: DType = None,
    axis: int = 0,
) -> jax.Array:
    """Returns numbers from `base ** start` to `base ** stop` at equal ratios, as in `linspace`."""
    start, stop, base = promote_floats(start, stop, base)
    return jnp.logspace(
        start, stop, num, endpoint=endpoint, base=base, dtype=_optional(dtype), axis=axis
    )


@operation
def geomspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    dtype: DType = None,
    axis: int = 0,
) -> jax.Array:
    """Returns numbers from `start` to `stop` at equal ratios, as in `linspace`."""
    start, stop = promote_floats(start, stop)
    return jnp.geomspace(start, stop, num, endpoint=endpoint, dtype=_optional(dtype), axis=axis)


@operation
def meshgrid(*x: TensorLike, indexing: str = "xy") -> list[jax.Array]:
    """Returns the coordinates of the grid that vectors span, an array for each.

    Args:
        *x: vectors.
        indexing: `"xy"` (the first vector runs along axis 1) or `"ij"` (along axis 0).
    """
    return list(jnp.meshgrid(*(as_array(vector) for vector in x), indexing=indexing))


def _dtype(dtype: DType) -> str:
    """The dtype under its name; `floatx()` for `None`."""
    return dtypes.canonicalize_dtype(dtype)


def _optional(dtype: DType) -> str | None:
    """The dtype under its name; `None` stays."""
    return None if dtype is None else dtypes.canonicalize_dtype(dtype)
