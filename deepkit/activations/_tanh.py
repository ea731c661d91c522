"""Odd activations between -1 and 1."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._inputs import as_float


@operation
def tanh(x: Any) -> jax.Array:
    """Hyperbolic tangent: `f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.tanh([-1000.0, 0.0, 1000.0]).tolist()
        [-1.0, 0.0, 1.0]
    """
    return jnp.tanh(as_float(x))


@operation
def hard_tanh(x: Any) -> jax.Array:
    """Piecewise linear tanh: `f(x) = min(max(x, -1), 1)`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.hard_tanh([-3.0, 0.5, 3.0]).tolist()
        [-1.0, 0.5, 1.0]
    """
    return jax.nn.hard_tanh(as_float(x))


@operation
def softsign(x: Any) -> jax.Array:
    """Softsign: `f(x) = x / (1 + |x|)`, which saturates more slowly than tanh.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.softsign([-1.0, 0.0, 3.0]).tolist()
        [-0.5, 0.0, 0.75]
    """
    return _softsign(as_float(x))


@jax.custom_jvp
def _softsign(x: jax.Array) -> jax.Array:
    return x / (jnp.abs(x) + 1)


@_softsign.defjvp
def _softsign_jvp(primals: tuple, tangents: tuple) -> tuple:
    # f' = 1 / (1 + |x|)²; the quotient rule would subtract nearly equal terms for large |x|.
    (x,), (dx,) = primals, tangents
    shrink = 1 / (jnp.abs(x) + 1)
    return x * shrink, dx * shrink * shrink
