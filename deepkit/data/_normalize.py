"""Scales arrays to norm 1 along an axis."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config
from deepkit.core.errors import ArgumentError


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray | jax.Array:
    """Divide an array by its norms along an axis; where a norm is 0 the values stay.

    Args:
        x: array-like of numbers.
        axis: the axis.
        order: the order of the norm; 2 is the Euclidean one, 1 the sum of magnitudes.

    Returns:
        An array of the same shape; a JAX array for a JAX array, otherwise NumPy's.

    Raises:
        ArgumentError: the array has no such axis.

    Example:
        >>> import deepkit
        >>> print(deepkit.utils.normalize([[3.0, 4.0], [0.0, 0.0]]))
        [[0.6 0.8]
         [0.  0. ]]
    """
    library = jnp if isinstance(x, jax.Array) else np
    x = library.asarray(x)
    if not isinstance(axis, int) or not -x.ndim <= axis < x.ndim:
        raise ArgumentError(f"Expected `axis` to be one of {x.ndim} axes, received {axis!r}.")
    if not library.issubdtype(x.dtype, np.floating):
        x = x.astype(config.floatx())
    norms = library.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    return x / library.where(norms == 0, library.ones_like(norms), norms)
