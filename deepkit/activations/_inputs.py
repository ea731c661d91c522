"""Conversions that the activations share."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array


def as_float(x: Any) -> jax.Array:
    """An array of a floating (or complex) dtype; integers and booleans become `floatx()`."""
    x = as_array(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())


def widen(x: jax.Array) -> jax.Array:
    """Half precision as float32, for sums over many entries; other dtypes as they are."""
    return x.astype(jnp.float32) if x.dtype in (jnp.float16, jnp.bfloat16) else x


def check_axis(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The axes as a tuple of non-negative numbers.

    Raises:
        ShapeError: an axis does not exist in a tensor of this shape.
    """
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    rank = len(shape)
    if not all(hasattr(a, "__index__") and -rank <= a < rank for a in axes):
        raise ShapeError(f"Expected `axis` to lie in a tensor of shape {shape}, received {axis!r}.")
    return tuple(a % rank for a in axes)
