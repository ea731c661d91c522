"""Uniform floats and integers."""

import math
from typing import Any

import jax

from deepkit.core import dtypes
from deepkit.core.errors import DTypeError
from deepkit.tensors import as_array, draw_seed

from . import _blocks
from ._arguments import as_parameter, concrete_shape, float_dtype
from ._keys import as_key, draw_key


def uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None
) -> jax.Array:
    """Draw floats from the half-open range `[minval, maxval)`.

    Args:
        shape: shape of the result.
        minval: lowest value, a number or an array that broadcasts to `shape`.
        maxval: upper bound, not drawn itself; a number or an array that broadcasts to `shape`.
        dtype: a floating dtype; `floatx()` if `None`.
        seed: an integer (the same values every time), a `SeedGenerator` (new values every time),
            a key of JAX, or `None` for the global generator.

    Raises:
        DTypeError: `dtype` is not a floating one.

    Example:
        >>> import deepkit
        >>> x = deepkit.random.uniform((100,), 2.0, 3.0, seed=1)
        >>> bool(x.min() >= 2.0), bool(x.max() < 3.0)
        (True, True)
    """
    dtype = float_dtype(dtype, "uniform")
    words, shape = draw_seed(seed), concrete_shape(shape)
    is_plain = isinstance(minval, int | float) and isinstance(maxval, int | float)
    if is_plain and dtype == "float32" and _blocks.fits(words, math.prod(shape)):
        return _blocks.uniform(words, shape, minval, maxval)
    low, high = as_parameter(minval, dtype), as_parameter(maxval, dtype)
    return jax.random.uniform(as_key(words), shape, dtype, low, high)


def randint(
    shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None
) -> jax.Array:
    """Draw integers from the half-open range `[minval, maxval)`.

    Args:
        shape: shape of the result.
        minval: lowest value, a number or an array that broadcasts to `shape`.
        maxval: upper bound, not drawn itself; a number or an array that broadcasts to `shape`.
        dtype: an integer dtype.
        seed: an integer, a `SeedGenerator`, a key of JAX, or `None`, as in `uniform`.

    Raises:
        DTypeError: `dtype` is not an integer one.

    Example:
        >>> import deepkit
        >>> x = deepkit.random.randint((100,), 0, 6, seed=1)
        >>> int(x.min()), int(x.max())
        (0, 5)
    """
    name = dtypes.canonicalize_dtype("int32" if dtype is None else dtype)
    if not dtypes.is_int(name):
        raise DTypeError(
            f"Expected `dtype` of `random.randint` to be an integer one such as 'int32', "
            f"received {dtype!r}. For floats use `random.uniform`."
        )
    low, high = (v if isinstance(v, int | float) else as_array(v) for v in (minval, maxval))
    return jax.random.randint(draw_key(seed), concrete_shape(shape), low, high, name)
