"""Diagonals, triangles and other parts of matrices."""

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._types import TensorLike


@operation
def diag(x: TensorLike, k: int = 0) -> jax.Array:
    """Returns the diagonal of a matrix, or the matrix that has a vector as its diagonal.

    Args:
        x: matrix or vector.
        k: which diagonal: above the main one if positive.

    Raises:
        ShapeError: `x` is neither a vector nor a matrix.
    """
    x = as_array(x)
    if x.ndim not in (1, 2):
        raise ShapeError(
            f"Expected `x` of `diag` to be a vector or a matrix, received shape {tuple(x.shape)}. "
            "Use `ops.diagonal` for stacks of matrices."
        )
    return jnp.diag(x, k=k)


@operation
def diagflat(x: TensorLike, k: int = 0) -> jax.Array:
    """Returns the matrix that has the flat `x` as its diagonal `k`."""
    return jnp.diagflat(as_array(x), k=k)


@operation
def diagonal(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> jax.Array:
    """Returns the diagonals of the matrices that lie in two axes, in a new last axis.

    Raises:
        ShapeError: `x` has less than two axes.
        ArgumentError: `axis1` and `axis2` are the same axis.
    """
    x = as_array(x)
    if x.ndim < 2:
        raise ShapeError(
            f"Expected `x` of `diagonal` to have 2 axes or more, received shape {tuple(x.shape)}."
        )
    if axis1 % x.ndim == axis2 % x.ndim:
        raise ArgumentError(
            "Expected `axis1` and `axis2` of `diagonal` to be different axes, received "
            f"axis1={axis1} and axis2={axis2} for shape {tuple(x.shape)}."
        )
    return jnp.diagonal(x, offset=offset, axis1=axis1, axis2=axis2)


@operation
def trace(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> jax.Array:
    """Returns the sums of the diagonals of the matrices that lie in two axes."""
    return jnp.trace(as_array(x), offset=offset, axis1=axis1, axis2=axis2)


@operation
def tril(x: TensorLike, k: int = 0) -> jax.Array:
    """Returns matrices with what lies above diagonal `k` set to 0."""
    return jnp.tril(as_array(x), k=k)


@operation
def triu(x: TensorLike, k: int = 0) -> jax.Array:
    """Returns matrices with what lies below diagonal `k` set to 0."""
    return jnp.triu(as_array(x), k=k)


@operation
def vander(x: TensorLike, N: int | None = None, increasing: bool = False) -> jax.Array:
    """Returns the Vandermonde matrix: the powers of `x` as columns, the highest first.

    Args:
        x: vector.
        N: number of columns; the size of `x` if `None`.
        increasing: whether the lowest power comes first.
    """
    return jnp.vander(as_array(x), N=N, increasing=increasing)
