"""Anything that holds numbers to an array of JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes
from deepkit.core.errors import DTypeError
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
    """
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, jax.Array):
        if dtype is None:
            return x
        name = dtypes.canonicalize_dtype(dtype)
        return x if x.dtype == name else x.astype(name)
    if dtype is None:
        dtype = _default_dtype(x)
    return jnp.asarray(x, dtype=None if dtype is None else dtypes.canonicalize_dtype(dtype))


def _default_dtype(x: Any) -> str | None:
    if isinstance(x, float):
        return dtypes.standardize_dtype(None)
    if isinstance(x, list | tuple):
        if any(isinstance(leaf, jax.Array | Variable) for leaf in _leaves(x)):
            return None
        kind = np.asarray(x).dtype
        if kind.kind == "f" and not any(isinstance(leaf, np.generic) for leaf in _leaves(x)):
            return dtypes.standardize_dtype(None)
        return _numeric(kind, x)
    if isinstance(x, np.ndarray | np.generic):
        return _numeric(x.dtype, x)
    return None


def _leaves(x: Any) -> Any:
    if isinstance(x, list | tuple):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def _numeric(dtype: np.dtype, x: Any) -> str:
    if dtype.kind in "OUSMm":
        raise DTypeError(
            f"Expected numbers, received {type(x).__name__} of dtype {dtype}. Convert text and "
            f"objects to numbers first."
        )
    return dtype.name
