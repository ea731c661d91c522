"""Normalization: moments, and what divides by them."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from deepkit.tensors import operation

from ._promotion import accumulator_dtype, as_float, promote_floats
from ._promotion import axes as hashable
from ._types import Axis, TensorLike


@operation
def moments(
    x: TensorLike, axes: Axis, keepdims: bool = False, synchronized: bool = False
) -> tuple[jax.Array, jax.Array]:
    """Returns mean and variance over `axes`; half precision is computed in float32.

    Args:
        x: a tensor.
        axes: an axis or several; all if `None`.
        keepdims: whether the axes stay, with size 1.
        synchronized: accepted either way, for an array that is spread over devices has the
            moments of the whole array.
    """
    x = as_float(x)
    mean, variance = _moments(x, hashable(axes), keepdims)
    return _narrow(mean, x.dtype), _narrow(variance, x.dtype)


@operation
def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: int,
    offset: TensorLike | None = None,
    scale: TensorLike | None = None,
    epsilon: float = 1e-3,
) -> jax.Array:
    """Returns `(x - mean) / sqrt(variance + epsilon) * scale + offset`.

    Args:
        x: a tensor.
        mean: one number for each place along `axis`.
        variance: likewise.
        axis: the axis whose places are normalized each by itself.
        offset: likewise; 0 if `None`.
        scale: likewise; 1 if `None`.
        epsilon: keeps the divisor above 0.

    Raises:
        ShapeError: a vector does not have the length of the axis.
    """
    given = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
    given = {name: vector for name, vector in given.items() if vector is not None}
    x, *vectors = promote_floats(x, *given.values())
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    for name, vector in zip(given, vectors):
        if vector.shape != (x.shape[axis],):
            raise ShapeError(
                f"Expected `{name}` to be a vector of {x.shape[axis]}, the size of axis {axis} of "
                f"`x` with shape {x.shape}; received the shape {vector.shape}."
            )
    wide = {name: vector.reshape(shape) for name, vector in zip(given, vectors)}
    factor = lax.rsqrt(wide["variance"] + epsilon) * wide.get("scale", 1.0)
    return x * factor + (wide.get("offset", 0.0) - wide["mean"] * factor)


@operation
def layer_normalization(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> jax.Array:
    """Returns `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, with moments over `axis`.

    [Ba et al., 2016](https://arxiv.org/abs/1607.06450). Half precision is computed in float32.

    Args:
        x: a tensor.
        gamma: factors, of the shape of the axes or one that broadcasts; 1 if `None`.
        beta: summands, likewise; 0 if `None`.
        axis: an axis or several.
        epsilon: keeps the divisor above 0; `epsilon()` if `None`.
        **kwargs: `rms_scaling=True`, which is deprecated, divides `x` by its standard deviation
            without subtracting the mean.
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise ArgumentTypeError(
            f"`layer_normalization` does not know the argument {next(iter(kwargs))!r}."
        )
    if rms_scaling:
        warnings.warn(
            "`rms_scaling=True` is deprecated: it divides by the standard deviation, not by the "
            "root of the mean square. Use `ops.rms_normalization`.",
            stacklevel=3,
        )
    x = as_float(x)
    wide = x.astype(accumulator_dtype(x))
    mean, variance = _moments(wide, hashable(axis), True)
    result = wide if rms_scaling else wide - mean
    result = result * lax.rsqrt(variance + _epsilon(epsilon))
    if gamma is not None:
        result = result * _along(gamma, wide, axis)
    if beta is not None and not rms_scaling:
        result = result + _along(beta, wide, axis)
    return result.astype(x.dtype)


@operation
def rms_normalization(
    x: TensorLike,
    scale: TensorLike | None = None,
    axis: Axis = -1,
    epsilon: float | None = None,
) -> jax.Array:
    """Returns `x / sqrt(mean(x ** 2) + epsilon) * scale`, with the mean over `axis`.

    [Zhang & Sennrich, 2019](https://arxiv.org/abs/1910.07467). Half precision is computed in
    float32.

    Args:
        x: a tensor.
        scale: factors; 1 if `None`.
        axis: an axis or several.
        epsilon: keeps the divisor above 0; `epsilon()` if `None`.
    """
    x = jnp.atleast_1d(as_float(x))
    wide = x.astype(accumulator_dtype(x))
    square = jnp.mean(jnp.square(wide), axis=hashable(axis), keepdims=True)
    result = wide * lax.rsqrt(square + _epsilon(epsilon))
    if scale is not None:
        result = result * as_float(scale).astype(wide.dtype)
    return result.astype(x.dtype)


@operation
def normalize(
    x: TensorLike, axis: Axis = -1, order: int = 2, epsilon: float | None = None
) -> jax.Array:
    """Returns `x / max(norm(x), epsilon)`, with the norm over `axis`.

    Args:
        x: a tensor.
        axis: an axis or several; all if `None`.
        order: of the norm, 1 or above.
        epsilon: the least divisor; `epsilon()` if `None`.

    Raises:
        ArgumentError: `order` is not an integer of at least 1.

    Example:
        >>> import deepkit
        >>> print(deepkit.ops.normalize([[3.0, 1.0]], order=1))
        [[0.75 0.25]]
    """
    if not isinstance(order, int) or order < 1:
        raise ArgumentError(f"Expected `order` to be an integer of at least 1, received {order!r}.")
    x = jnp.atleast_1d(as_float(x))
    wide = x.astype(accumulator_dtype(x))
    least = _epsilon(epsilon)
    if order == 2:
        # The maximum inside of the root: its slope at 0 is 0, while that of the root is infinite.
        square = jnp.sum(jnp.square(wide), axis=hashable(axis), keepdims=True)
        return (wide * lax.rsqrt(jnp.maximum(square, least**2))).astype(x.dtype)
    norm = jnp.linalg.norm(wide, ord=order, axis=hashable(axis), keepdims=True)
    return (wide / jnp.maximum(norm, least)).astype(x.dtype)


def _epsilon(epsilon: float | None) -> float:
    return config.epsilon() if epsilon is None else epsilon


def _moments(x: jax.Array, axis: Any, keepdims: bool) -> tuple[jax.Array, jax.Array]:
    wide = x.astype(accumulator_dtype(x))
    return jnp.mean(wide, axis, keepdims=keepdims), jnp.var(wide, axis, keepdims=keepdims)


def _narrow(x: jax.Array, dtype: Any) -> jax.Array:
    """Back to half precision; what is too large for it becomes its largest number."""
    if x.dtype == dtype:
        return x
    limits = jnp.finfo(dtype)
    return jnp.clip(x, float(limits.min), float(limits.max)).astype(dtype)


def _along(vector: TensorLike, x: jax.Array, axis: Axis) -> jax.Array:
    """Weights of the shape of some axes of `x`, with a size of 1 for the others."""
    vector = as_float(vector).astype(x.dtype)
    if vector.ndim in (0, x.ndim):
        return vector
    places = {a % x.ndim for a in ([axis] if isinstance(axis, int) else axis or range(x.ndim))}
    return vector.reshape([n if i in places else 1 for i, n in enumerate(x.shape)])
