"""Windows of signal processing: weights that fade towards both ends."""

import operator

import jax
import jax.numpy as jnp

from deepkit.core import config

from ._types import TensorLike


def bartlett(x: TensorLike) -> jax.Array:
    """Returns the triangular window of `x` points.

    Example:
        >>> import deepkit
        >>> deepkit.ops.bartlett(5)
        Array([0. , 0.5, 1. , 0.5, 0. ], dtype=float32)
    """
    return jnp.bartlett(_points(x)).astype(config.floatx())


def blackman(x: TensorLike) -> jax.Array:
    """Returns the Blackman window of `x` points: `0.42 - 0.5 cos(t) + 0.08 cos(2t)`."""
    return jnp.blackman(_points(x)).astype(config.floatx())


def hamming(x: TensorLike) -> jax.Array:
    """Returns the Hamming window of `x` points: `0.54 - 0.46 cos(t)`."""
    return jnp.hamming(_points(x)).astype(config.floatx())


def hanning(x: TensorLike) -> jax.Array:
    """Returns the Hann window of `x` points: `0.5 - 0.5 cos(t)`."""
    return jnp.hanning(_points(x)).astype(config.floatx())


def kaiser(x: TensorLike, beta: float) -> jax.Array:
    """Returns the Kaiser window of `x` points; the higher `beta`, the faster it fades."""
    return jnp.kaiser(_points(x), beta).astype(config.floatx())


def _points(x: TensorLike) -> int:
    """The number of points; an array may hold it, a traced one cannot, for it is a shape."""
    return operator.index(x)
