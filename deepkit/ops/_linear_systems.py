"""Determinants, inverses, norms and the solution of linear systems."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import operation

from ._factorizations import as_matrices
from ._promotion import as_float, axes, promote_floats
from ._types import Axis, TensorLike


@operation
def det(x: TensorLike) -> jax.Array:
    """Returns the determinants of square matrices."""
    return jnp.linalg.det(as_matrices(x, "det", square=True))


@operation
def slogdet(x: TensorLike) -> tuple[jax.Array, jax.Array]:
    """Returns the sign of the determinant and the logarithm of its absolute value."""
    return tuple(jnp.linalg.slogdet(as_matrices(x, "slogdet", square=True)))


@operation
def logdet(x: TensorLike) -> jax.Array:
    """Returns the logarithm of the determinant of positive definite matrices."""
    return jnp.linalg.slogdet(as_matrices(x, "logdet", square=True))[1]


@operation
def inv(x: TensorLike) -> jax.Array:
    """Returns the inverses of square matrices."""
    return jnp.linalg.inv(as_matrices(x, "inv", square=True))


@operation
def pinv(x: TensorLike, rcond: TensorLike | None = None) -> jax.Array:
    """Returns the Moore-Penrose inverses of matrices.

    Args:
        x: matrices of shape `(..., m, n)`.
        rcond: singular values below this share of the largest are taken as 0.
    """
    return jnp.linalg.pinv(as_matrices(x, "pinv"), rtol=rcond)


@operation
def matrix_rank(x: TensorLike, tol: TensorLike | None = None) -> jax.Array:
    """Returns the ranks of matrices, as int32.

    Args:
        x: matrices of shape `(..., m, n)`.
        tol: singular values up to this share of the largest are taken as 0.
    """
    return jnp.linalg.matrix_rank(as_matrices(x, "matrix_rank"), rtol=tol).astype(jnp.int32)


@operation
def solve(a: TensorLike, b: TensorLike) -> jax.Array:
    """Returns the `x` with `a x = b`.

    Args:
        a: square matrices of shape `(..., n, n)`.
        b: right sides of shape `(..., n)` or `(..., n, k)`.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> import deepkit
        >>> deepkit.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
        Array([1. , 0.5], dtype=float32)
    """
    a, b = _system(a, b, "solve")
    if b.ndim == a.ndim - 1:
        return jnp.linalg.solve(a, b[..., None])[..., 0]
    return jnp.linalg.solve(a, b)


@operation
def solve_triangular(a: TensorLike, b: TensorLike, lower: bool = False) -> jax.Array:
    """Returns the `x` with `a x = b` for triangular `a`.

    Args:
        a: triangular matrices of shape `(..., n, n)`; the other triangle is not looked at.
        b: right sides of shape `(..., n)` or `(..., n, k)`.
        lower: whether the lower triangle is the one to look at.
    """
    a, b = _system(a, b, "solve_triangular")
    if b.ndim == a.ndim - 1:
        return jax.scipy.linalg.solve_triangular(a, b[..., None], lower=lower)[..., 0]
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


def _system(a: TensorLike, b: TensorLike, function: str) -> tuple[jax.Array, jax.Array]:
    a, b = promote_floats(a, b)
    a = as_matrices(a, function, square=True)
    rows = {a.ndim: -2, a.ndim - 1: -1}.get(b.ndim)
    if rows is None or b.shape[rows] != a.shape[-1]:
        raise ShapeError(
            f"Expected `b` of `{function}` to have a row for each of the {a.shape[-1]} rows of "
            f"`a`, in as many axes or one less, received a of shape {tuple(a.shape)} and b of "
            f"shape {tuple(b.shape)}."
        )
    return a, b


@operation
def lstsq(a: TensorLike, b: TensorLike, rcond: float | None = None) -> jax.Array:
    """Returns the `x` that brings `a x` nearest to `b`, the shortest if there are several.

    Args:
        a: matrix of shape `(m, n)`.
        b: right side of shape `(m,)` or `(m, k)`.
        rcond: singular values below this share of the largest are taken as 0.

    Raises:
        ShapeError: the shapes do not fit.
    """
    a, b = promote_floats(a, b)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ShapeError(
            "Expected `a` of `lstsq` to have shape (m, n) and `b` (m,) or (m, k), received "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    return jnp.linalg.lstsq(a, b, rcond=rcond)[0]


_MATRIX_ORDERS = (None, "fro", "nuc", float("inf"), float("-inf"), 1, -1, 2, -2)


@operation
def norm(x: TensorLike, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """Returns norms of vectors or matrices.

    Args:
        x: array.
        ord: of vectors a number `p` (default 2), of which `inf` gives the largest and 0 counts
            what is not 0; of matrices `"fro"` (default), `"nuc"`, ±1, ±2 or ±inf.
        axis: one axis, that of vectors, or two, those of matrices; with `None`, all of `x` is one
            vector if `ord` is `None`, else one vector or matrix.
        keepdims: whether the axes stay, with size 1.

    Raises:
        ArgumentError: `ord` is no norm of vectors, or of matrices where there are two axes.
    """
    x, axis = as_float(x), axes(axis)
    count = x.ndim if axis is None else 1 if isinstance(axis, int) else len(axis)
    if (count == 1 and isinstance(ord, str)) or (count == 2 and ord not in _MATRIX_ORDERS):
        kind = "vectors: a number" if count == 1 else f"matrices: one of {_MATRIX_ORDERS}"
        raise ArgumentError(f"Expected `ord` to be a norm of {kind}, received {ord!r}.")
    return jnp.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)
