"""Gamma and beta samples."""

from typing import Any

import jax

from deepkit.tensors import as_array

from ._arguments import concrete_shape, float_dtype
from ._keys import draw_key


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> jax.Array:
    """Draw from the gamma distribution with density `p(x) ∝ x^(alpha - 1) e^(-x)`.

    Args:
        shape: shape of the result.
        alpha: concentration above 0, a number or an array that broadcasts to `shape`.
        dtype: a floating dtype; `floatx()` if `None`.
        seed: an integer (the same values every time), a `SeedGenerator` (new values every time),
            a key of JAX, or `None` for the global generator.

    Raises:
        DTypeError: `dtype` is not a floating one.

    Example:
        >>> import deepkit
        >>> x = deepkit.random.gamma((4,), alpha=2.0, seed=1)
        >>> bool((x > 0).all())
        True
    """
    dtype = float_dtype(dtype, "gamma")
    return jax.random.gamma(draw_key(seed), as_array(alpha, dtype), concrete_shape(shape), dtype)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> jax.Array:
    """Draw from the beta distribution with density `p(x) ∝ x^(alpha - 1) (1 - x)^(beta - 1)`.

    Args:
        shape: shape of the result.
        alpha: first concentration, above 0, a number or an array that broadcasts to `shape`.
        beta: second concentration, above 0, a number or an array that broadcasts to `shape`.
        dtype: a floating dtype; `floatx()` if `None`.
        seed: an integer, a `SeedGenerator`, a key of JAX, or `None`, as in `gamma`.

    Raises:
        DTypeError: `dtype` is not a floating one.

    Example:
        >>> import deepkit
        >>> x = deepkit.random.beta((4,), alpha=2.0, beta=3.0, seed=1)
        >>> bool(((x > 0) & (x < 1)).all())
        True
    """
    dtype = float_dtype(dtype, "beta")
    a, b = as_array(alpha, dtype), as_array(beta, dtype)
    return jax.random.beta(draw_key(seed), a, b, concrete_shape(shape), dtype)
