"""Activations that multiply their input by a gate."""

from typing import Any

import jax

from deepkit.core.errors import ShapeError
from deepkit.ops._gelu import exact_gelu, tanh_gelu
from deepkit.tensors import operation

from ._inputs import as_float, check_axis


@operation
def silu(x: Any) -> jax.Array:
    """Sigmoid linear unit, also called swish: `f(x) = x · sigmoid(x)`.

    Smooth, and not monotonic
    ([Ramachandran et al., 2017](https://arxiv.org/abs/1710.05941)).

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.silu([-1000.0, 0.0, 1000.0]).tolist()
        [-0.0, 0.0, 1000.0]
    """
    return jax.nn.silu(as_float(x))


@operation
def hard_silu(x: Any) -> jax.Array:
    """Piecewise quadratic swish: `f(x) = x · min(max(x + 3, 0), 6) / 6`.

    A cheap stand-in for `silu`
    ([Howard et al., 2019](https://arxiv.org/abs/1905.02244)).

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.hard_silu([-3.0, 0.0, 3.0]).tolist()
        [-0.0, 0.0, 3.0]
    """
    return jax.nn.hard_silu(as_float(x))


@operation
def gelu(x: Any, approximate: bool = False) -> jax.Array:
    """Gaussian error linear unit: `f(x) = x · P(X ≤ x)` with `X` standard normal.

    The exact form is `x · (1 + erf(x / √2)) / 2`; the approximate one is
    `x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2`
    ([Hendrycks & Gimpel, 2016](https://arxiv.org/abs/1606.08415)).

    Args:
        x: a tensor.
        approximate: whether to use the form with tanh.

    Example:
        >>> import deepkit
        >>> deepkit.activations.gelu([0.0, 1000.0], approximate=True).tolist()
        [0.0, 1000.0]
    """
    x = as_float(x)
    return tanh_gelu(x) if approximate else exact_gelu(x)


@operation
def mish(x: Any) -> jax.Array:
    """Mish: `f(x) = x · tanh(softplus(x))`.

    Smooth, and not monotonic ([Misra, 2019](https://arxiv.org/abs/1908.08681)).

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.mish([-1000.0, 0.0, 1000.0]).tolist()
        [-0.0, 0.0, 1000.0]
    """
    return jax.nn.mish(as_float(x))


@operation
def glu(x: Any, axis: int = -1) -> jax.Array:
    """Gated linear unit: `f(x) = a · sigmoid(b)` with `a`, `b` the two halves of the input.

    ([Dauphin et al., 2017](https://arxiv.org/abs/1612.08083))

    Args:
        x: a tensor whose size along `axis` is even.
        axis: the axis that is cut in half.

    Returns:
        A tensor of half the size along `axis`.

    Raises:
        ShapeError: there is no such axis, or its size is odd.

    Example:
        >>> import deepkit
        >>> deepkit.activations.glu([[1.0, 2.0, 0.0, 1000.0]]).tolist()
        [[0.5, 2.0]]
    """
    x = as_float(x)
    (axis,) = check_axis(x.shape, axis)
    if x.shape[axis] % 2:
        raise ShapeError(
            f"Expected an even size along axis {axis} to cut in half, received shape {x.shape}."
        )
    return jax.nn.glu(x, axis=axis)
