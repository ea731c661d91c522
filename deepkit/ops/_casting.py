"""Between arrays, NumPy and dtypes: casts, conversions, shapes and views."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, shapes
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import KerasTensor, Variable, as_array, operation

from ._types import DType, TensorLike


@operation
def cast(x: TensorLike, dtype: DType) -> jax.Array:
    """Returns `x` in another dtype; floats are cut towards 0 where they become integers.

    Example:
        >>> import deepkit
        >>> deepkit.ops.cast([0.5, 1.9], "int32")
        Array([0, 1], dtype=int32)
    """
    return as_array(x, dtypes.standardize_dtype(dtype))


@operation
def saturate_cast(x: TensorLike, dtype: DType) -> jax.Array:
    """Returns `x` in another dtype, limited to its range instead of wrapped around.

    Example:
        >>> import deepkit
        >>> deepkit.ops.saturate_cast([-1.0, 256.0], "uint8")
        Array([  0, 255], dtype=uint8)
    """
    x = as_array(x)
    dtype = dtypes.canonicalize_dtype(dtype)
    low, high = _range(x.dtype)
    target_low, target_high = _range(jnp.dtype(dtype))
    if low < target_low or high > target_high:
        bounds = (max(low, target_low), min(high, target_high))
        x = jnp.clip(x, *(_towards_zero(bound, x.dtype) for bound in bounds))
    return x.astype(dtype)


def _range(dtype: np.dtype) -> tuple[float, float]:
    if dtype == jnp.bool_:
        return 0, 1
    info = jnp.iinfo(dtype) if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo(dtype)
    # Python's numbers, for no dtype can hold the bounds of all others.
    return (info.min, info.max) if isinstance(info.min, int) else (float(info.min), float(info.max))


def _towards_zero(bound: float, dtype: np.dtype) -> np.ndarray:
    """A bound in `dtype`, rounded so that it is not beyond itself."""
    rounded = np.asarray(bound).astype(dtype)
    if jnp.issubdtype(dtype, jnp.floating) and abs(int(rounded)) > abs(bound):
        return np.nextafter(rounded, np.zeros((), dtype))
    return rounded


@operation
def convert_to_tensor(
    x: TensorLike,
    dtype: DType = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
) -> jax.Array:
    """Returns `x` as an array.

    Args:
        x: array, NumPy array, number, variable or nested lists of numbers.
        dtype: the dtype; that of `x` if `None`, Python floats taken as `floatx()`.
        sparse: must not be true.
        ragged: must not be true.

    Raises:
        ArgumentError: a sparse or ragged tensor is asked for.

    Example:
        >>> import deepkit
        >>> deepkit.ops.convert_to_tensor([1, 2])
        Array([1, 2], dtype=int32)
    """
    if sparse or ragged:
        raise ArgumentError(
            "Expected `sparse` and `ragged` to be None or False: tensors are dense arrays, "
            f"received sparse={sparse}, ragged={ragged}."
        )
    return as_array(x, None if dtype is None else dtypes.standardize_dtype(dtype))


def convert_to_numpy(x: TensorLike) -> np.ndarray:
    """Returns a copy of `x` as a NumPy array."""
    return np.array(x)


@operation
def array(x: TensorLike, dtype: DType = None) -> jax.Array:
    """Returns `x` as a new array; see `convert_to_tensor`."""
    return jnp.array(convert_to_tensor(x, dtype), copy=True)


@operation
def copy(x: TensorLike) -> jax.Array:
    """Returns a copy of `x`."""
    return jnp.copy(as_array(x))


def is_tensor(x: Any) -> bool:
    """Returns whether `x` is an array of JAX; NumPy arrays, variables and symbols are not."""
    return isinstance(x, jax.Array)


def shape(x: TensorLike) -> tuple[int | None, ...]:
    """Returns the shape of `x`, with `None` for the sizes that a symbol does not know.

    Example:
        >>> import deepkit
        >>> deepkit.ops.shape(deepkit.ops.zeros((8, 12)))
        (8, 12)
    """
    return shapes.Shape(x.shape) if hasattr(x, "shape") else shapes.Shape(np.shape(x))


def ndim(x: TensorLike) -> int:
    """Returns the number of axes."""
    return len(shape(x))


def size(x: TensorLike) -> int | KerasTensor:
    """Returns the number of elements; a symbol where it is not known yet."""
    sizes = shape(x)
    return _size(x) if None in sizes else math.prod(sizes)


@operation
def _size(x: TensorLike) -> jax.Array:
    return jnp.asarray(x.size, jnp.int32)


def dtype(x: TensorLike) -> str:
    """Returns the name of the dtype."""
    if isinstance(x, KerasTensor | Variable):
        return x.dtype
    return dtypes.standardize_dtype(as_array(x).dtype)


@operation
def view(x: TensorLike, dtype: DType = None) -> jax.Array:
    """Returns the bytes of `x` read as another dtype; the last axis grows or shrinks to fit.

    Raises:
        ShapeError: the bytes of the last axis do not make whole numbers of the new dtype.
    """
    x = as_array(x)
    if dtype is None:
        return x
    target = jnp.dtype(dtypes.canonicalize_dtype(dtype))
    last = x.shape[-1] if x.ndim else 1
    changes_size = target.itemsize != x.dtype.itemsize
    if changes_size and (not x.ndim or last * x.dtype.itemsize % target.itemsize):
        raise ShapeError(
            f"Expected the last axis of `x` to hold whole numbers of dtype {target.name}, "
            f"received shape {tuple(x.shape)} of dtype {x.dtype.name}."
        )
    return x.view(target)
