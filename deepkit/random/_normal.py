"""Normal and truncated normal samples."""

import math
from typing import Any

import jax

from deepkit.tensors import draw_seed

from . import _blocks
from ._arguments import as_parameter, concrete_shape, float_dtype
from ._keys import as_key


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> jax.Array:
    """Draw from a normal distribution.

    Args:
        shape: shape of the result.
        mean: mean, a number or an array that broadcasts to `shape`.
        stddev: standard deviation, a number or an array that broadcasts to `shape`.
        dtype: a floating dtype; `floatx()` if `None`.
        seed: an integer (the same values every time), a `SeedGenerator` (new values every time),
            a key of JAX, or `None` for the global generator.

    Raises:
        DTypeError: `dtype` is not a floating one.

    Example:
        >>> import deepkit
        >>> deepkit.random.normal((2, 3), seed=1).shape
        (2, 3)
    """
    dtype = float_dtype(dtype, "normal")
    words, shape = draw_seed(seed), concrete_shape(shape)
    if _is_plain(mean, stddev, dtype) and _blocks.fits(words, math.prod(shape)):
        return _blocks.normal(words, shape, mean, stddev)
    sample = jax.random.normal(as_key(words), shape, dtype)
    return sample * as_parameter(stddev, dtype) + as_parameter(mean, dtype)


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> jax.Array:
    """Draw from a normal distribution cut off at two standard deviations from its mean.

    Args:
        shape: shape of the result.
        mean: mean before the cut, a number or an array that broadcasts to `shape`.
        stddev: standard deviation before the cut; the one after it is 0.8796 times as large.
        dtype: a floating dtype; `floatx()` if `None`.
        seed: an integer, a `SeedGenerator`, a key of JAX, or `None`, as in `normal`.

    Raises:
        DTypeError: `dtype` is not a floating one.

    Example:
        >>> import deepkit
        >>> x = deepkit.random.truncated_normal((1000,), stddev=0.5, seed=1)
        >>> bool(abs(x).max() <= 1.0)
        True
    """
    dtype = float_dtype(dtype, "truncated_normal")
    words, shape = draw_seed(seed), concrete_shape(shape)
    if _is_plain(mean, stddev, dtype) and _blocks.fits(words, math.prod(shape)):
        return _blocks.truncated_normal(words, shape, mean, stddev)
    sample = jax.random.truncated_normal(as_key(words), -2.0, 2.0, shape, dtype)
    return sample * as_parameter(stddev, dtype) + as_parameter(mean, dtype)


def _is_plain(mean: Any, stddev: Any, dtype: str) -> bool:
    is_number = isinstance(mean, int | float) and isinstance(stddev, int | float)
    return is_number and dtype == "float32"
