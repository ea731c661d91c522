"""Checks and conversions that the random functions share: shapes, dtypes, parameters."""

from typing import Any

import jax.numpy as jnp

from deepkit.core import dtypes, shapes
from deepkit.core.errors import DTypeError, ShapeError
from deepkit.tensors import as_array


def concrete_shape(shape: Any) -> tuple[int, ...]:
    """A shape without unknown sizes.

    Raises:
        ShapeError: a size is `None`.
    """
    sizes = tuple(shapes.standardize_shape(shape))
    if None in sizes:
        raise ShapeError(
            f"Expected a `shape` whose sizes are all known, received {sizes}. Random values need "
            f"a concrete shape: take unknown sizes from a tensor, as in `x.shape[0]`."
        )
    return sizes


def float_dtype(dtype: Any, function: str) -> str:
    """The name of a floating dtype; `None` gives `floatx()`.

    Raises:
        DTypeError: the dtype is not a floating one.
    """
    name = dtypes.canonicalize_dtype(dtype)
    if not dtypes.is_float(name):
        raise DTypeError(
            f"Expected `dtype` of `random.{function}` to be a floating one such as 'float32', "
            f"received {dtype!r}. For integers use `random.randint`."
        )
    return name


def as_parameter(value: Any, dtype: str) -> Any:
    """A parameter in `dtype`; Python numbers stay as they are, which lets them promote weakly."""
    if isinstance(value, int | float):
        return value
    return as_array(value).astype(jnp.dtype(dtype))
