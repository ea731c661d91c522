"""Shapes: reshaping, moving, adding, removing, turning and broadcasting axes."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._promotion import axes
from ._types import Axis, Shape, TensorLike


@operation
def reshape(x: TensorLike, newshape: Shape) -> jax.Array:
    """Returns the elements of `x`, in order, in another shape.

    Args:
        x: array.
        newshape: its sizes; one may be -1, or `None` as in the shape of a symbol: what is left.

    Raises:
        ShapeError: the sizes do not hold the elements of `x`.
    """
    x = as_array(x)
    sizes = newshape
    if isinstance(newshape, tuple | list):
        sizes = [-1 if size is None else size for size in newshape]
    try:
        return jnp.reshape(x, sizes)
    except TypeError as error:
        raise ShapeError(
            f"Expected `newshape` to hold the {x.size} elements of `x` of shape "
            f"{tuple(x.shape)}, received {newshape}."
        ) from error


@operation
def ravel(x: TensorLike) -> jax.Array:
    """Returns the elements of `x`, in order, in one axis."""
    return jnp.ravel(as_array(x))


@operation
def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> jax.Array:
    """Returns `x` with its axes in the order `axes`; in reverse order if `None`."""
    return jnp.transpose(as_array(x), None if axes is None else tuple(axes))


@operation
def swapaxes(x: TensorLike, axis1: int, axis2: int) -> jax.Array:
    """Returns `x` with two axes swapped."""
    return jnp.swapaxes(as_array(x), axis1, axis2)


@operation
def moveaxis(
    x: TensorLike, source: int | Sequence[int], destination: int | Sequence[int]
) -> jax.Array:
    """Returns `x` with the axes `source` moved to `destination`, the others in order."""
    return jnp.moveaxis(as_array(x), axes(source), axes(destination))


@operation
def expand_dims(x: TensorLike, axis: int | Sequence[int]) -> jax.Array:
    """Returns `x` with new axes of size 1 at the places `axis` of the result.

    Raises:
        ArgumentError: `axis` is not made of integers.
    """
    if not isinstance(axis, int | tuple | list):
        raise ArgumentError(
            f"Expected `axis` of `expand_dims` to be an integer or several, received {axis!r}."
        )
    return jnp.expand_dims(as_array(x), axes(axis))


@operation
def squeeze(x: TensorLike, axis: Axis = None) -> jax.Array:
    """Returns `x` without the axes `axis`, which must be of size 1; without all such if `None`."""
    return jnp.squeeze(as_array(x), axes(axis))


@operation
def broadcast_to(x: TensorLike, shape: Shape) -> jax.Array:
    """Returns `x` repeated along its axes of size 1, and new ones in front, up to `shape`."""
    return jnp.broadcast_to(as_array(x), shape)


@operation
def flip(x: TensorLike, axis: Axis = None) -> jax.Array:
    """Returns `x` with its elements in reverse order along `axis`; along every axis if `None`."""
    return jnp.flip(as_array(x), axes(axis))


@operation
def fliplr(x: TensorLike) -> jax.Array:
    """Returns `x` reversed along axis 1."""
    return jnp.fliplr(as_array(x))


@operation
def flipud(x: TensorLike) -> jax.Array:
    """Returns `x` reversed along axis 0."""
    return jnp.flipud(as_array(x))


@operation
def roll(x: TensorLike, shift: int | Sequence[int], axis: Axis = None) -> jax.Array:
    """Returns `x` moved on by `shift` places along `axis`; what falls off comes in in front."""
    return jnp.roll(as_array(x), shift, axes(axis))


@operation
def rot90(array: TensorLike, k: int = 1, axes: tuple[int, int] = (0, 1)) -> jax.Array:
    """Returns `array` turned by `k` quarters in the plane of `axes`, from the first to the second.

    Raises:
        ShapeError: `array` has less than two axes.
        ArgumentError: `axes` are not two different axes.
    """
    array = as_array(array)
    if array.ndim < 2:
        raise ShapeError(
            f"Expected `array` of `rot90` to have 2 axes or more, received shape "
            f"{tuple(array.shape)}."
        )
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ArgumentError(
            f"Expected `axes` of `rot90` to be two different axes, received {axes}."
        )
    return jnp.rot90(array, k=k, axes=tuple(axes))
