"""Joining, splitting, repeating and padding."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array, operation

from ._promotion import promote
from ._types import Shape, TensorLike

# Each is an array of its own in the program.
_MOST_PARTS = 2**16


@operation
def concatenate(xs: Sequence[TensorLike], axis: int = 0) -> jax.Array:
    """Returns arrays joined along an axis that they have.

    Raises:
        ArgumentError: `axis` is `None`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.concatenate([[1, 2], [3]])
        Array([1, 2, 3], dtype=int32)
    """
    if axis is None:
        raise ArgumentError(
            "Expected `axis` of `concatenate` to be an integer, received None. "
            "Flatten the arrays with `ops.ravel` first."
        )
    return jnp.concatenate(promote(*xs), axis=axis)


@operation
def stack(x: Sequence[TensorLike], axis: int = 0) -> jax.Array:
    """Returns arrays of one shape joined along a new axis."""
    return jnp.stack(promote(*x), axis=axis)


@operation
def append(x1: TensorLike, x2: TensorLike, axis: int | None = None) -> jax.Array:
    """Returns `x2` behind `x1` along `axis`; both flattened if `None`."""
    return jnp.append(*promote(x1, x2), axis=axis)


@operation
def hstack(xs: Sequence[TensorLike]) -> jax.Array:
    """Returns arrays joined along axis 1; along axis 0 if they are 1-D."""
    return jnp.hstack(promote(*xs))


@operation
def vstack(xs: Sequence[TensorLike]) -> jax.Array:
    """Returns arrays joined along axis 0, 1-D ones as rows."""
    return jnp.vstack(promote(*xs))


@operation
def dstack(xs: Sequence[TensorLike]) -> jax.Array:
    """Returns arrays joined along axis 2, which is added where it is missing."""
    return jnp.dstack(promote(*xs))


@operation
def split(
    x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0
) -> list[jax.Array]:
    """Returns the parts of `x` along `axis`.

    Args:
        x: array.
        indices_or_sections: the number of equal parts, or the indices where parts begin.
        axis: axis to split.

    Example:
        >>> import deepkit
        >>> deepkit.ops.split([1, 2, 3], [1])
        [Array([1], dtype=int32), Array([2, 3], dtype=int32)]
    """
    return jnp.split(as_array(x), _sections(indices_or_sections), axis=axis)


@operation
def array_split(
    x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0
) -> list[jax.Array]:
    """Returns the parts of `x` along `axis`, the first ones larger where it does not divide."""
    return jnp.array_split(as_array(x), _sections(indices_or_sections), axis=axis)


@operation
def hsplit(x: TensorLike, indices_or_sections: int | Sequence[int]) -> list[jax.Array]:
    """Returns the parts of `x` along axis 1; along axis 0 if it is 1-D."""
    return jnp.hsplit(as_array(x), _sections(indices_or_sections))


@operation
def vsplit(x: TensorLike, indices_or_sections: int | Sequence[int]) -> list[jax.Array]:
    """Returns the parts of `x` along axis 0."""
    return jnp.vsplit(as_array(x), _sections(indices_or_sections))


@operation
def dsplit(x: TensorLike, indices_or_sections: int | Sequence[int]) -> list[jax.Array]:
    """Returns the parts of `x` along axis 2."""
    return jnp.dsplit(as_array(x), _sections(indices_or_sections))


def _sections(indices_or_sections: int | Sequence[int]) -> int | tuple[int, ...]:
    if hasattr(indices_or_sections, "__index__"):
        _check_parts(int(indices_or_sections))
        return int(indices_or_sections)
    return tuple(int(index) for index in indices_or_sections)


def _check_parts(count: int) -> None:
    if count > _MOST_PARTS:
        raise ArgumentError(
            f"Expected at most {_MOST_PARTS:,} parts of an array, received {count:,}. Use "
            f"`ops.scan` or `ops.map` to go through many."
        )


@operation
def unstack(x: TensorLike, num: int | None = None, axis: int = 0) -> list[jax.Array]:
    """Returns the slices of `x` along `axis`, as many as it is long.

    Raises:
        ArgumentError: `num` is given and is not that many; they are more than 65,536.
    """
    x = as_array(x)
    length = x.shape[axis]
    _check_parts(length)
    if num is not None and num != length:
        raise ArgumentError(
            f"Expected `num` to be {length}, the size of axis {axis} of `x` of shape "
            f"{tuple(x.shape)}, received {num}."
        )
    return [jax.lax.index_in_dim(x, index, axis, keepdims=False) for index in range(length)]


@operation
def tile(x: TensorLike, repeats: Shape) -> jax.Array:
    """Returns `x` laid out `repeats` times along each axis."""
    return jnp.tile(as_array(x), repeats)


@operation
def repeat(x: TensorLike, repeats: TensorLike, axis: int | None = None) -> jax.Array:
    """Returns each element of `x` several times in a row.

    Args:
        x: array.
        repeats: how many times: one number, or one for each element along `axis`.
        axis: axis along which to repeat; the flat `x` if `None`.
    """
    if isinstance(repeats, list | tuple):
        repeats = np.asarray(repeats)
    return jnp.repeat(as_array(x), repeats, axis=axis)


@operation
def pad(
    x: TensorLike,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: str = "constant",
    constant_values: TensorLike | None = None,
) -> jax.Array:
    """Returns `x` with a border.

    Args:
        x: array.
        pad_width: `((before, after), ...)` for each axis, one such pair for all, or one number.
        mode: what fills the border: `"constant"`, `"edge"`, `"reflect"`, `"symmetric"`, `"wrap"`,
            `"linear_ramp"`, `"maximum"`, `"mean"`, `"median"`, `"minimum"` or `"empty"`.
        constant_values: what `"constant"` fills with; 0 if `None`.

    Raises:
        ArgumentError: `constant_values` are given with another mode.
    """
    x = as_array(x)
    if constant_values is None:
        return jnp.pad(x, pad_width, mode=mode)
    if mode != "constant":
        raise ArgumentError(
            "Expected `constant_values` only with mode='constant', received "
            f"constant_values={constant_values!r} with mode={mode!r}."
        )
    return jnp.pad(x, pad_width, constant_values=as_array(constant_values, x.dtype))
