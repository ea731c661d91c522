"""The Gaussian error linear unit, with slopes that keep nothing but the input.

Without the barriers XLA would share parts of value and slope, and write each of them to memory.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


@jax.custom_jvp
def exact_gelu(x: jax.Array) -> jax.Array:
    """`x * Φ(x)`, with the distribution of the standard normal."""
    return x * _normal_cdf(x)


@exact_gelu.defjvp
def _exact_gelu_jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    # d(x Φ(x)) = Φ(x) + x φ(x)
    (x,), (dx,) = primals, tangents
    later = lax.optimization_barrier(x)
    density = jnp.exp(-0.5 * later * later) * (1 / math.sqrt(2 * math.pi))
    return exact_gelu(x), (_normal_cdf(later) + later * density) * dx


def _normal_cdf(x: jax.Array) -> jax.Array:
    # erfc keeps the digits of the left tail, which 1 + erf loses.
    return 0.5 * lax.erfc(-math.sqrt(0.5) * x)


@jax.custom_jvp
def tanh_gelu(x: jax.Array) -> jax.Array:
    """`x * (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2`."""
    return x * _tanh_gate(x)[0]


@tanh_gelu.defjvp
def _tanh_gelu_jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    (x,), (dx,) = primals, tangents
    later = lax.optimization_barrier(x)
    gate, slope = _tanh_gate(later)
    return tanh_gelu(x), (gate + later * slope) * dx


def _tanh_gate(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The gate and its slope."""
    # (1 + tanh(u)) / 2 = sigmoid(2u), which keeps the digits of the left tail. Beyond ±30 the gate
    # is 0 or 1 in every dtype, and x³ would overflow in float16.
    near = jnp.clip(x, -30.0, 30.0)
    scale, cubic = math.sqrt(8 / math.pi), 0.044715
    gate = jax.nn.sigmoid(scale * (near + cubic * near**3))
    return gate, gate * (1 - gate) * scale * (1 + 3 * cubic * near * near)
