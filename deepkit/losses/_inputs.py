"""Turns what a loss is given into arrays: numbers, lists, NumPy and JAX arrays, nested or not."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config, dtypes, tree
from deepkit.core.errors import DTypeError
from deepkit.tensors import as_array


def real_array(value: Any, dtype: Any = None) -> jax.Array:
    """A floating array: of `dtype` if given, else of its own floating type or of `floatx()`.

    Raises:
        DTypeError: the values are complex.
    """
    array = as_array(value)
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise DTypeError(
            f"Expected real numbers in a loss, received {array.dtype}. Give the real and the "
            f"imaginary parts as two values."
        )
    if dtype is None:
        dtype = array.dtype if dtypes.is_float(array.dtype) else config.floatx()
    return as_array(array, dtype)


def map_arrays(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `function` to each array of a structure; nested lists of numbers are one array."""
    if not tree.is_nested(structure) or _is_numbers(structure):
        return function(structure)
    return tree.map_structure(function, structure)


def _is_numbers(structure: Any) -> bool:
    return type(structure) in (list, tuple) and all(
        isinstance(leaf, bool | int | float | np.generic) for leaf in tree.flatten(structure)
    )


def widened(function: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    """Compute a loss of float16 or bfloat16 predictions in float32, and return it in their type.

    What is clipped to epsilon needs it: in float16, 1 - 1e-7 is 1, and log(1 - 1) is -inf.
    """

    @functools.wraps(function)
    def in_float32(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> jax.Array:
        y_pred = real_array(y_pred)
        if y_pred.dtype.itemsize >= 4:
            return function(y_true, y_pred, *args, **kwargs)
        loss = function(y_true, y_pred.astype(jnp.float32), *args, **kwargs)
        return loss.astype(y_pred.dtype)

    return in_float32
