"""Products of vectors, matrices and tensors."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.tensors import as_array, operation

from ._matrix_product import einsum_product, matrix_product
from ._promotion import promote
from ._types import TensorLike


def _accumulator(operands: Sequence[TensorLike]) -> Any:
    """int32 where every operand is int8, whose products would overflow it at once."""
    return jnp.int32 if all(as_array(x).dtype == jnp.int8 for x in operands) else None


@operation
def matmul(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the matrix product over the last two axes, broadcast over those before.

    Two int8 arrays give int32.
    """
    return matrix_product(*promote(x1, x2), preferred_element_type=_accumulator([x1, x2]))


@operation
def dot(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the product over the last axis of `x1` and the last but one of `x2`.

    Of two vectors this is the inner product; of matrices, the matrix product; with a scalar,
    `multiply`.
    """
    return jnp.dot(*promote(x1, x2))


@operation
def vdot(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the inner product of the flat arrays, the first one conjugated."""
    return jnp.vdot(*promote(x1, x2))


@operation
def inner(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the inner products over the last axes of both."""
    return jnp.inner(*promote(x1, x2))


@operation
def outer(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the products of every element of the flat `x1` with every one of the flat `x2`."""
    return jnp.outer(*promote(x1, x2))


@operation
def kron(x1: TensorLike, x2: TensorLike) -> jax.Array:
    """Returns the Kronecker product: `x2` in blocks, each scaled by an element of `x1`."""
    return jnp.kron(*promote(x1, x2))


@operation
def cross(
    x1: TensorLike,
    x2: TensorLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> jax.Array:
    """Returns the cross product of vectors with 2 or 3 components.

    Args:
        x1: vectors.
        x2: vectors.
        axisa: axis of `x1` that holds the components.
        axisb: axis of `x2` that holds the components.
        axisc: axis of the result that holds the components.
        axis: one axis instead of these three.
    """
    x1, x2 = promote(x1, x2)
    return jnp.cross(x1, x2, axisa=axisa, axisb=axisb, axisc=axisc, axis=axis)


@operation
def tensordot(
    x1: TensorLike, x2: TensorLike, axes: int | Sequence[int] | Sequence[Sequence[int]] = 2
) -> jax.Array:
    """Returns the product summed over some axes of both.

    Args:
        x1: array.
        x2: array.
        axes: the number of axes, the last of `x1` and the first of `x2`; or the axes of `x1` and
            the axes of `x2`.
    """
    return jnp.tensordot(*promote(x1, x2), axes=axes)


@operation
def einsum(subscripts: str, *operands: TensorLike, **kwargs: Any) -> jax.Array:
    """Returns the sum of products that Einstein's notation says.

    Args:
        subscripts: for instance `"bij,bjk->bik"`.
        *operands: arrays, one for each term on the left.
        **kwargs: `precision` and `optimize` of `jax.numpy.einsum`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
        Array([3., 7.], dtype=float32)
    """
    preferred = _accumulator(operands)
    if len(operands) == 2 and not kwargs:
        return einsum_product(subscripts, *promote(*operands), preferred_element_type=preferred)
    kwargs.setdefault("preferred_element_type", preferred)
    return jnp.einsum(subscripts, *promote(*operands), **kwargs)
