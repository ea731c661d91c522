"""Sums, means, extremes and other reductions over axes."""

import jax
import jax.numpy as jnp

from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._promotion import accumulator_dtype, as_float, axes, float_dtype, promote_floats
from ._types import Axis, DType, TensorLike


@operation
def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the sum over `axis` (all axes if `None`); short integers are added up in 32 bits."""
    return jnp.sum(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def prod(
    x: TensorLike, axis: Axis = None, keepdims: bool = False, dtype: DType = None
) -> jax.Array:
    """Returns the product over `axis` (all axes if `None`)."""
    return jnp.prod(as_array(x), axis=axes(axis), keepdims=keepdims, dtype=dtype)


@operation
def mean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the mean over `axis`; half precision is added up in float32."""
    x = as_array(x)
    average = jnp.mean(x, axis=axes(axis), keepdims=keepdims, dtype=accumulator_dtype(x))
    return as_array(average, float_dtype(x))


@operation
def var(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the variance over `axis`, divided by the count (no correction)."""
    x = as_array(x)
    return as_array(_variance(x, axis, keepdims), _real_dtype(x))


@operation
def std(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the standard deviation over `axis`: the root of `var`."""
    x = as_array(x)
    return as_array(jnp.sqrt(_variance(x, axis, keepdims)), _real_dtype(x))


def _variance(x: jax.Array, axis: Axis, keepdims: bool) -> jax.Array:
    return jnp.var(as_array(x, accumulator_dtype(x)), axis=axes(axis), keepdims=keepdims)


def _real_dtype(x: jax.Array) -> DType:
    return jnp.finfo(float_dtype(x)).dtype


@operation
def max(
    x: TensorLike,
    axis: Axis = None,
    keepdims: bool = False,
    initial: float | None = None,
) -> jax.Array:
    """Returns the largest element over `axis`, `initial` among them; nan if there is one.

    `initial` is what an empty `x` gives.
    """
    return jnp.max(as_array(x), axis=axes(axis), keepdims=keepdims, initial=initial)


@operation
def min(
    x: TensorLike,
    axis: Axis = None,
    keepdims: bool = False,
    initial: float | None = None,
) -> jax.Array:
    """Returns the smallest element over `axis`, `initial` among them; nan if there is one.

    `initial` is what an empty `x` gives.
    """
    return jnp.min(as_array(x), axis=axes(axis), keepdims=keepdims, initial=initial)


@operation
def amax(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the largest element over `axis`, like `max`."""
    return jnp.max(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def amin(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the smallest element over `axis`, like `min`."""
    return jnp.min(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def ptp(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the distance between the largest and the smallest element over `axis`."""
    return jnp.ptp(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def all(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns whether every element over `axis` is true."""
    return jnp.all(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def any(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns whether some element over `axis` is true."""
    return jnp.any(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def count_nonzero(x: TensorLike, axis: Axis = None) -> jax.Array:
    """Returns how many elements over `axis` are not 0, as int32."""
    return jnp.count_nonzero(as_array(x), axis=axes(axis)).astype(jnp.int32)


@operation
def logsumexp(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns `log(sum(exp(x)))` over `axis` without overflow.

    Example:
        >>> import deepkit
        >>> deepkit.ops.logsumexp([1000.0, 0.0])
        Array(1000., dtype=float32)
    """
    return jax.nn.logsumexp(as_float(x), axis=axes(axis), keepdims=keepdims)


@operation
def average(x: TensorLike, axis: Axis = None, weights: TensorLike | None = None) -> jax.Array:
    """Returns the mean over `axis`, each element counted as its weight says.

    Args:
        x: array of any shape.
        axis: axis or axes to average over; all if `None`.
        weights: array of the shape of `x`, or of one axis of it, then with that `axis` given.

    Raises:
        ShapeError: the weights fit neither `x` nor its axis.

    Example:
        >>> import deepkit
        >>> deepkit.ops.average([1.0, 3.0], weights=[3.0, 1.0])
        Array(1.5, dtype=float32)
    """
    if weights is None:
        return jnp.mean(as_float(x), axis=axes(axis))
    x, weights = promote_floats(x, weights)
    if weights.shape != x.shape and not _fits_axis(x, weights, axis):
        raise ShapeError(
            "Expected `weights` to have the shape of `x`, or to be 1-D of the size of the one "
            f"`axis`, received weights of shape {tuple(weights.shape)} for x of shape "
            f"{tuple(x.shape)} and axis={axis}."
        )
    return jnp.average(x, axis=axes(axis), weights=weights)


def _fits_axis(x: jax.Array, weights: jax.Array, axis: Axis) -> bool:
    return isinstance(axis, int) and weights.ndim == 1 and weights.shape[0] == x.shape[axis]
