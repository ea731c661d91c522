"""Products of tensors with kernels, as products of two matrices.

XLA on CPU takes up to twice as long for the gradient of a kernel that meets a tensor of three or
more dimensions: it turns the large gradient of the output around instead of the small input.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp


def matrix_product(x: jax.Array, kernel: jax.Array, **options: Any) -> jax.Array:
    """`jnp.matmul`, by way of two matrices where a tensor meets a matrix.

    Args:
        x: of shape (..., k).
        kernel: of shape (k, n) or any other that `jnp.matmul` takes.
        **options: of `jnp.matmul`.
    """
    if x.ndim < 3 or kernel.ndim != 2 or x.shape[-1] != kernel.shape[0] or not x.size:
        return jnp.matmul(x, kernel, **options)
    product = jnp.matmul(x.reshape(-1, x.shape[-1]), kernel, **options)
    return product.reshape(*x.shape[:-1], kernel.shape[-1])


def einsum_product(equation: str, x: jax.Array, kernel: jax.Array, **options: Any) -> jax.Array:
    """`jnp.einsum` of two arrays, by way of two matrices where the last axes of one meet the first.

    Args:
        equation: for instance `"abc,cde->abde"`.
        x: the first operand.
        kernel: the second one.
        **options: of `jnp.einsum`.
    """
    count = _axes_that_meet(equation)
    kept, met = x.shape[: x.ndim - count], x.shape[x.ndim - count :]
    if not count or kernel.shape[:count] != met or not x.size:
        return jnp.einsum(equation, x, kernel, **options)
    product = jnp.matmul(
        x.reshape(-1, math.prod(met)), kernel.reshape(math.prod(met), -1), **options
    )
    return product.reshape(*kept, *kernel.shape[count:])


def _axes_that_meet(equation: str) -> int:
    """How many last axes of the first operand meet the first ones of the second; 0 if others do.

    All other axes must come in the result, in their order.
    """
    inputs, arrow, output = equation.replace(" ", "").replace("...", "0").partition("->")
    x, _, kernel = inputs.partition(",")
    met = "".join(label for label in x if label not in output)
    plain = len(set(x)) == len(x) and len(set(kernel)) == len(kernel) and "0" not in kernel
    fits = x.endswith(met) and kernel.startswith(met)
    if not (arrow and met and plain and fits):
        return 0
    kept, new = x[: -len(met)], kernel[len(met) :]
    return len(met) if output == kept + new and not set(kept) & set(new) else 0
