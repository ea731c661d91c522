"""Reading and writing parts of arrays by index."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._promotion import promote
from ._types import Shape, TensorLike


@operation
def get_item(x: TensorLike, key: Any) -> jax.Array:
    """Returns `x[key]`."""
    return as_array(x)[key]


@operation
def take(x: TensorLike, indices: TensorLike, axis: int | None = None) -> jax.Array:
    """Returns the slices of `x` at `indices` along `axis`; of the flat `x` if `None`.

    Negative indices count from the end. Where an index is out of range, floats are nan and
    integers the lowest number.

    Example:
        >>> import deepkit
        >>> deepkit.ops.take([[1, 2], [3, 4]], [1, 0, 1], axis=0)
        Array([[3, 4],
               [1, 2],
               [3, 4]], dtype=int32)
    """
    return jnp.take(as_array(x), as_array(indices), axis=axis)


@operation
def take_along_axis(x: TensorLike, indices: TensorLike, axis: int | None = None) -> jax.Array:
    """Returns, along `axis`, the elements of `x` that `indices` of the same rank name.

    The indices that `ops.argsort` returns give the sorted `x`.
    """
    return jnp.take_along_axis(as_array(x), as_array(indices), axis=axis)


@operation
def where(
    condition: TensorLike, x1: TensorLike | None = None, x2: TensorLike | None = None
) -> jax.Array | tuple[jax.Array, ...]:
    """Returns `x1` where `condition` is true and `x2` elsewhere, or with neither, `nonzero`.

    Raises:
        ArgumentError: one of `x1` and `x2` is missing.

    Example:
        >>> import deepkit
        >>> deepkit.ops.where([True, False], [1.0, 2.0], 0.0)
        Array([1., 0.], dtype=float32)
    """
    condition = as_array(condition)
    if x1 is None and x2 is None:
        return jnp.nonzero(condition)
    if x1 is None or x2 is None:
        raise ArgumentError(
            "Expected `where` to be given both `x1` and `x2` or neither, "
            f"received x{1 if x1 is None else 2}=None."
        )
    x1, x2 = promote(x1, x2)
    return jnp.where(condition if condition.dtype == jnp.bool_ else condition != 0, x1, x2)


@operation
def select(
    condlist: Sequence[TensorLike], choicelist: Sequence[TensorLike], default: TensorLike = 0
) -> jax.Array:
    """Returns, at each place, the choice of the first condition that is true there.

    Args:
        condlist: boolean arrays.
        choicelist: as many arrays to choose from.
        default: what there is where no condition is true.

    Raises:
        ArgumentError: conditions and choices differ in number.
    """
    if len(condlist) != len(choicelist):
        raise ArgumentError(
            "Expected as many choices as conditions in `select`, received "
            f"{len(condlist)} conditions and {len(choicelist)} choices."
        )
    *choices, default = promote(*choicelist, default)
    return jnp.select([as_array(condition, "bool") for condition in condlist], choices, default)


@operation
def nonzero(x: TensorLike) -> tuple[jax.Array, ...]:
    """Returns the indices of the elements that are not 0, an array for each axis.

    Their number depends on the values, so this cannot be compiled by `jax.jit`.
    """
    return jnp.nonzero(as_array(x))


@operation
def unravel_index(indices: TensorLike, shape: Shape) -> tuple[jax.Array, ...]:
    """Returns indices into a flat array as indices into `shape`, an array for each axis."""
    return tuple(jnp.unravel_index(as_array(indices), shape))


@operation
def slice(inputs: TensorLike, start_indices: TensorLike, shape: Sequence[int]) -> jax.Array:
    """Returns the block of `inputs` that begins at `start_indices` and has `shape`.

    Args:
        inputs: array.
        start_indices: an index for each axis; may be traced. A block that would reach beyond the
            end is moved back so that it ends there.
        shape: a size for each axis; -1 means all that is left, if `start_indices` are known.

    Example:
        >>> import deepkit
        >>> deepkit.ops.slice([[1, 2], [3, 4]], [0, 1], [2, 1])
        Array([[2],
               [4]], dtype=int32)
    """
    inputs = as_array(inputs)
    sizes = [
        inputs.shape[axis] - int(start_indices[axis]) if size == -1 else size
        for axis, size in enumerate(shape)
    ]
    return jax.lax.dynamic_slice(inputs, _starts(start_indices), sizes)


@operation
def slice_update(inputs: TensorLike, start_indices: TensorLike, updates: TensorLike) -> jax.Array:
    """Returns `inputs` with the block that begins at `start_indices` replaced by `updates`."""
    inputs, updates = promote(inputs, updates)
    return jax.lax.dynamic_update_slice(inputs, updates, _starts(start_indices))


def _starts(start_indices: TensorLike) -> list[jax.Array]:
    """The start of each axis, all of one integer dtype, as `jax.lax` wants them."""
    if not isinstance(start_indices, list | tuple):
        return list(as_array(start_indices))
    return [as_array(start).astype(jnp.int32) for start in start_indices]


@operation
def scatter(indices: TensorLike, values: TensorLike, shape: Shape) -> jax.Array:
    """Returns zeros of `shape` with `values` added in at `indices`.

    Args:
        indices: integers of shape `(n, axes)`: an index for each of the first axes of `shape`.
        values: array of shape `(n, ...)`; values with the same index add up.
        shape: shape of the result.

    Example:
        >>> import deepkit
        >>> deepkit.ops.scatter([[0], [2], [2]], [1.0, 2.0, 3.0], [4])
        Array([1., 0., 5., 0.], dtype=float32)
    """
    values = as_array(values)
    return jnp.zeros(shape, values.dtype).at[_places(indices)].add(values)


@operation
def scatter_update(
    inputs: TensorLike,
    indices: TensorLike,
    updates: TensorLike,
    reduction: str | None = None,
) -> jax.Array:
    """Returns `inputs` with `updates` written at `indices`.

    Args:
        inputs: array.
        indices: integers of shape `(n, axes)`: an index for each of the first axes of `inputs`.
        updates: array of shape `(n, ...)`.
        reduction: how an update meets what is there: `None` replaces it; `"add"`, `"max"`,
            `"min"`, `"mul"`.

    Raises:
        ArgumentError: an unknown `reduction`.
    """
    inputs = as_array(inputs)
    updates = as_array(updates).astype(inputs.dtype)
    target = inputs.at[_places(indices)]
    writers = {
        None: target.set,
        "add": target.add,
        "max": target.max,
        "min": target.min,
        "mul": target.multiply,
    }
    if reduction not in writers:
        raise ArgumentError(
            f"Expected `reduction` to be one of {list(writers)}, received {reduction!r}."
        )
    return writers[reduction](updates)


def _places(indices: TensorLike) -> tuple[jax.Array, ...]:
    indices = as_array(indices)
    if indices.ndim < 1:
        raise ShapeError(
            "Expected `indices` to hold one index for each axis in its last axis, "
            "received a scalar."
        )
    return tuple(jnp.moveaxis(indices, -1, 0))
