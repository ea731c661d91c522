"""Activations with an exponential on one side: ELU, CELU, SELU, and `exp` itself."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import operation

from ._inputs import as_float


@operation
def elu(x: Any, alpha: float = 1.0) -> jax.Array:
    """Exponential linear unit: `f(x) = x` where `x > 0`, else `alpha · (exp(x) - 1)`.

    Its negative values bring the mean of the activations closer to zero
    ([Clevert et al., 2016](https://arxiv.org/abs/1511.07289)).

    Args:
        x: a tensor.
        alpha: minus the value approached for very negative inputs.

    Example:
        >>> import deepkit
        >>> deepkit.activations.elu([-1000.0, 0.0, 2.0], alpha=0.5).tolist()
        [-0.5, 0.0, 2.0]
    """
    return jax.nn.elu(as_float(x), alpha)


@operation
def celu(x: Any, alpha: float = 1.0) -> jax.Array:
    """Continuously differentiable ELU: `f(x) = max(x, 0) + alpha · (exp(min(x, 0)/alpha) - 1)`.

    Unlike `elu` it has slope 1 at zero for every alpha
    ([Barron, 2017](https://arxiv.org/abs/1704.07483)).

    Args:
        x: a tensor.
        alpha: minus the value approached for very negative inputs.

    Example:
        >>> import deepkit
        >>> deepkit.activations.celu([-1000.0, 0.0, 2.0], alpha=0.5).tolist()
        [-0.5, 0.0, 2.0]
    """
    return jax.nn.celu(as_float(x), alpha)


@operation
def selu(x: Any) -> jax.Array:
    """Scaled exponential linear unit: `f(x) = 1.0507 · elu(x, alpha=1.6733)`.

    The constants keep mean 0 and variance 1 from layer to layer in a plain stack of dense layers
    with `LecunNormal` kernels; use `AlphaDropout` with it
    ([Klambauer et al., 2017](https://arxiv.org/abs/1706.02515)).

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> round(float(deepkit.activations.selu(1.0)), 4)
        1.0507
    """
    return jax.nn.selu(as_float(x))


@operation
def exponential(x: Any) -> jax.Array:
    """The exponential: `f(x) = exp(x)`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.exponential([0.0]).tolist()
        [1.0]
    """
    return jnp.exp(as_float(x))
