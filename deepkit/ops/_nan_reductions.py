"""Reductions that pass over nan."""

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array, operation

from ._promotion import as_float, axes
from ._types import Axis, DType, TensorLike


@operation
def nansum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the sum over `axis`, nan taken as 0."""
    return jnp.nansum(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanprod(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the product over `axis`, nan taken as 1."""
    return jnp.nanprod(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanmean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the mean over `axis` of what is not nan."""
    return jnp.nanmean(as_float(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanvar(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the variance over `axis` of what is not nan."""
    return jnp.nanvar(as_float(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanstd(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the standard deviation over `axis` of what is not nan."""
    return jnp.nanstd(as_float(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanmax(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the largest number over `axis`; nan if there is none."""
    return jnp.nanmax(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanmin(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns the smallest number over `axis`; nan if there is none."""
    return jnp.nanmin(as_array(x), axis=axes(axis), keepdims=keepdims)


@operation
def nanargmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> jax.Array:
    """Returns the index of the largest number along `axis`; -1 if there is none."""
    return jnp.nanargmax(as_array(x), axis=axis, keepdims=keepdims)


@operation
def nanargmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> jax.Array:
    """Returns the index of the smallest number along `axis`; -1 if there is none."""
    return jnp.nanargmin(as_array(x), axis=axis, keepdims=keepdims)


@operation
def nancumsum(x: TensorLike, axis: int | None = None, dtype: DType = None) -> jax.Array:
    """Returns the running sum along `axis`, nan taken as 0; of the flat `x` if `None`."""
    return jnp.nancumsum(as_array(x), axis=axis, dtype=dtype)


@operation
def nancumprod(x: TensorLike, axis: int | None = None, dtype: DType = None) -> jax.Array:
    """Returns the running product along `axis`, nan taken as 1; of the flat `x` if `None`."""
    return jnp.nancumprod(as_array(x), axis=axis, dtype=dtype)
