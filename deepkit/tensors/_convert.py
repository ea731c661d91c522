"""Anything that holds numbers to an array of JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, tree
from deepkit.core.errors import ArgumentTypeError, DTypeError, ShapeError
from deepkit.tensors._variable import Variable


def as_array(x: Any, dtype: Any = None) -> jax.Array:
    """An array from a variable, an array, a number, or nested lists of numbers.

    Python floats, and lists with one among them, become `floatx()`. 64-bit NumPy values become
    32-bit ones unless JAX's x64 mode is on.

    Args:
        x: what to convert.
        dtype: the dtype; that of `x` if `None`.

    Raises:
        DTypeError: `x` holds objects or text.
        ShapeError: `x` is nested lists of unequal lengths.
        ArgumentTypeError: `x` holds no numbers at all.
    """
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, jax.Array):
        if dtype is None:
            return x
        name = dtypes.canonicalize_dtype(dtype)
        return x if x.dtype == name else x.astype(name)
    default = _default_dtype(x)
    return jnp.asarray(x, dtype=default if dtype is None else dtypes.canonicalize_dtype(dtype))


def _default_dtype(x: Any) -> str | None:
    if isinstance(x, list | tuple | range):
        leaves = tree.flatten(x)
        if any(isinstance(leaf, jax.Array | Variable) for leaf in leaves):
            return None
        dtype = _dtype_of_list(x)
        plain = not any(isinstance(leaf, np.generic | np.ndarray) for leaf in leaves)
        if plain and dtype.kind == "f":
            return dtypes.standardize_dtype(None)
    elif isinstance(x, np.ndarray | np.generic):
        dtype = x.dtype
    elif isinstance(x, float):
        return dtypes.standardize_dtype(None)
    elif isinstance(x, int | complex) or hasattr(x, "__array__"):
        return None
    else:
        raise ArgumentTypeError(
            f"Expected numbers or an array of them, received {x!r} of type {type(x).__name__}."
        )
    if dtype.kind in "OUSMm":
        raise DTypeError(
            f"Expected numbers, received {type(x).__name__} of dtype {dtype}. Convert text and "
            f"objects to numbers first."
        )
    return dtypes.canonicalize_dtype(dtype)


def _dtype_of_list(x: Any) -> np.dtype:
    try:
        return np.asarray(x).dtype
    except ValueError as error:
        raise ShapeError(
            f"Expected nested lists of equal lengths on each level, received a "
            f"{type(x).__name__} that is no array: {error}."
        ) from error
