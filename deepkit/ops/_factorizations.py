"""Factorizations of matrices: Cholesky, LU, QR, eigenvalues and singular values."""

from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import jax.scipy.linalg

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import check_values, operation

from ._promotion import as_float
from ._types import TensorLike


def as_matrices(x: TensorLike, function: str, *, square: bool = False) -> jax.Array:
    """`x` as floats, checked to be matrices in its last two axes."""
    x = as_float(x)
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        raise ShapeError(
            f"Expected {'square ' if square else ''}matrices in the last two axes of the input of "
            f"`{function}`, received shape {tuple(x.shape)}."
        )
    return x


@operation
def cholesky(x: TensorLike, upper: bool = False) -> jax.Array:
    """Returns the triangular `L` with `L Lᴴ = x`.

    Args:
        x: Hermitian, positive definite matrices of shape `(..., n, n)`.
        upper: whether to return the upper triangle `U` with `Uᴴ U = x`.

    Raises:
        ShapeError: `x` does not hold square matrices.
        ArgumentError: a matrix is not positive definite. Under `jax.jit`, where values cannot be
            looked at, the result is nan instead.

    Example:
        >>> import deepkit
        >>> deepkit.ops.cholesky([[4.0, 2.0], [2.0, 2.0]])
        Array([[2., 0.],
               [1., 1.]], dtype=float32)
    """
    factor = jnp.linalg.cholesky(as_matrices(x, "cholesky", square=True), upper=upper)
    check_values(factor, jnp.isnan, _refuse_indefinite)
    return factor


def _refuse_indefinite(*_: Any) -> NoReturn:
    raise ArgumentError(
        "Cholesky decomposition failed: expected `x` to be positive definite, received a "
        "matrix that is not. Adding a small multiple of the identity may mend it."
    )


@operation
def cholesky_inverse(x: TensorLike, upper: bool = False) -> jax.Array:
    """Returns the inverse of the matrix whose Cholesky factor is `x`.

    Args:
        x: triangular matrices of shape `(..., n, n)`.
        upper: whether they are the upper factors.
    """
    x = as_matrices(x, "cholesky_inverse", square=True)
    identity = jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape)
    inverse = jax.scipy.linalg.solve_triangular(x, identity, lower=not upper)
    transposed = jnp.swapaxes(inverse, -1, -2)
    return inverse @ transposed if upper else transposed @ inverse


@operation
def lu_factor(x: TensorLike) -> tuple[jax.Array, jax.Array]:
    """Returns the LU factors in one matrix, and the row swaps of the pivoting.

    Args:
        x: matrices of shape `(..., m, n)`.
    """
    factors, pivots, _ = jax.lax.linalg.lu(as_matrices(x, "lu_factor"))
    return factors, pivots


@operation
def qr(x: TensorLike, mode: str = "reduced") -> tuple[jax.Array, jax.Array]:
    """Returns `q` with orthonormal columns and upper triangular `r`, `q r = x`.

    Args:
        x: matrices of shape `(..., m, n)`.
        mode: `"reduced"` (`min(m, n)` columns of `q`) or `"complete"` (`m` columns).

    Raises:
        ArgumentError: an unknown `mode`.
    """
    if mode not in ("reduced", "complete"):
        raise ArgumentError(
            f"Expected `mode` of `qr` to be 'reduced' or 'complete', received {mode!r}."
        )
    return tuple(jnp.linalg.qr(as_matrices(x, "qr"), mode=mode))


@operation
def eig(x: TensorLike) -> tuple[jax.Array, jax.Array]:
    """Returns the complex eigenvalues and, as columns, eigenvectors of square matrices.

    JAX computes them on CPU only.
    """
    return tuple(jnp.linalg.eig(as_matrices(x, "eig", square=True)))


@operation
def eigh(x: TensorLike) -> tuple[jax.Array, jax.Array]:
    """Returns the eigenvalues, the lowest first, and eigenvectors of Hermitian matrices."""
    return tuple(jnp.linalg.eigh(as_matrices(x, "eigh", square=True)))


@operation
def svd(
    x: TensorLike, full_matrices: bool = True, compute_uv: bool = True
) -> tuple[jax.Array, jax.Array, jax.Array] | jax.Array:
    """Returns `u`, the singular values `s` (the largest first) and `v`: `u diag(s) v = x`.

    Args:
        x: matrices of shape `(..., m, n)`.
        full_matrices: whether `u` and `v` are square.
        compute_uv: whether to return `u` and `v` beside `s`.
    """
    x = as_matrices(x, "svd")
    if not compute_uv:
        return jnp.linalg.svd(x, compute_uv=False)
    return tuple(jnp.linalg.svd(x, full_matrices=full_matrices))
