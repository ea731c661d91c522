"""Smooth versions of ReLU that are positive everywhere."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.tensors import operation

from ._inputs import as_float


@operation
def softplus(x: Any) -> jax.Array:
    """Softplus: `f(x) = log(1 + exp(x))`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.softplus([-1000.0, 1000.0]).tolist()
        [0.0, 1000.0]
    """
    return jax.nn.softplus(as_float(x))


@operation
def sparse_plus(x: Any) -> jax.Array:
    """Softplus of the sparsemax kind: 0 up to -1, `(x + 1)² / 4` up to 1, then `x`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.sparse_plus([-2.0, 0.0, 2.0]).tolist()
        [0.0, 0.25, 2.0]
    """
    x = as_float(x)
    # Clipped, because the square of a large x would overflow and make the gradient NaN.
    curve = jnp.square(jnp.clip(x, -1.0, 1.0) + 1.0) / 4
    return jnp.where(x >= 1.0, x, curve)


@operation
def squareplus(x: Any, b: float = 4) -> jax.Array:
    """Squareplus: `f(x) = (x + √(x² + b)) / 2`, softplus without exponentials.

    Computed as `max(x, 0) + (b / 2) / (√(x² + b) + |x|)`, which is equal, and neither overflows nor
    cancels ([Barron, 2021](https://arxiv.org/abs/2112.11687)).

    Args:
        x: a tensor.
        b: smoothness, a number above 0; the value at zero is `√b / 2`.

    Raises:
        ArgumentError: `b` is not above 0.

    Example:
        >>> import deepkit
        >>> deepkit.activations.squareplus([0.0, 1000000.0]).tolist()
        [1.0, 1000000.0]
    """
    if not b > 0:
        raise ArgumentError(f"Expected `b` to be a number above 0, received {b!r}.")
    return _squareplus(as_float(x), float(b))


def _squareplus(x: jax.Array, b: float) -> jax.Array:
    root = jnp.hypot(x, math.sqrt(b))
    # |x| as a sum of two halves, whose derivative at zero is 0.
    positive, negative = jnp.maximum(x, 0.0), jnp.maximum(-x, 0.0)
    return positive + (b / 2) / (root + positive + negative)
