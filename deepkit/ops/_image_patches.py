"""Patches cut out of images and volumes."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from deepkit.tensors import as_array, operation

from ._constants import maker_of
from ._image_layout import one_of
from ._types import TensorLike


@operation
def extract_patches(
    images: TensorLike,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> jax.Array:
    """Returns the patches of images, each flattened into the channels.

    Args:
        images: one image or a batch; with three sizes, one volume or a batch.
        size: height and width of a patch, or one number for both; three numbers for volumes.
        strides: distances between patches; their sizes if `None`.
        dilation_rate: distance of the pixels in a patch.
        padding: `"valid"`, or `"same"`: with zeros around the images.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        Array of shape `(batch, rows, columns, height * width * channels)`, the last axis second
        if the channels are first.

    Raises:
        ArgumentTypeError: `size` is neither an integer nor a tuple.
        ArgumentError: `size` holds neither two nor three numbers, or the padding is unknown.
        ShapeError: `images` have the wrong number of axes.

    Example:
        >>> import deepkit
        >>> images = deepkit.ops.ones((2, 20, 20, 3))
        >>> deepkit.ops.image.extract_patches(images, (5, 5)).shape
        (2, 4, 4, 75)
    """
    if not isinstance(size, int | tuple | list):
        raise ArgumentTypeError(f"Expected `size` to be an integer or a tuple, received {size!r}.")
    rank = 2 if isinstance(size, int) else len(size)
    if rank not in (2, 3):
        raise ArgumentError(f"Expected `size` to hold 2 or 3 integers, received {size}.")
    return _extract(images, rank, size, strides, dilation_rate, padding, data_format)


@operation
def extract_patches_3d(
    volumes: TensorLike,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> jax.Array:
    """Returns the patches of volumes, each flattened into the channels.

    Args:
        volumes: one volume of shape `(depth, height, width, channels)` or a batch.
        size: depth, height and width of a patch, or one number for all.
        strides: distances between patches; their sizes if `None`.
        dilation_rate: distance of the voxels in a patch.
        padding: `"valid"`, or `"same"`: with zeros around the volumes.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    return _extract(volumes, 3, size, strides, dilation_rate, padding, data_format)


def _extract(
    x: TensorLike,
    rank: int,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None,
    dilation_rate: int | Sequence[int],
    padding: str,
    data_format: str | None,
) -> jax.Array:
    one_of("padding", padding, ("valid", "same"))
    sizes = _each(size, rank, "size")
    steps = sizes if strides is None else _each(strides, rank, "strides")
    dilations = _each(dilation_rate, rank, "dilation_rate")
    x = as_array(x)
    if x.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"Expected {'images' if rank == 2 else 'volumes'} with {rank + 1} axes (one) or "
            f"{rank + 2} (a batch), received shape {tuple(x.shape)}."
        )
    single = x.ndim == rank + 1
    channels_first = config.standardize_data_format(data_format) == "channels_first"
    if single:
        x = x[None]
    if channels_first:
        x = jnp.moveaxis(x, 1, -1)
    # From the last axis on, so that the places of those before do not change.
    for axis in reversed(range(rank)):
        x = _windows(x, axis + 1, sizes[axis], steps[axis], dilations[axis], padding == "same")
    within = range(2, 2 * rank + 2, 2)
    x = jnp.moveaxis(x, within, range(rank + 1, 2 * rank + 1))
    x = jnp.reshape(x, (*x.shape[: rank + 1], -1))
    if channels_first:
        x = jnp.moveaxis(x, -1, 1)
    return x[0] if single else x


def _each(value: int | Sequence[int], rank: int, argument: str) -> tuple[int, ...]:
    values = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(values) != rank or min(values) < 1:
        raise ArgumentError(
            f"Expected `{argument}` to be a positive integer or {rank} of them, received {value}."
        )
    return values


def _windows(
    x: jax.Array, axis: int, size: int, stride: int, dilation: int, same: bool
) -> jax.Array:
    """`x` with an axis split into two: the windows, and the places in each."""
    extent = (size - 1) * dilation + 1
    if same:
        missing = max(0, (-(-x.shape[axis] // stride) - 1) * stride + extent - x.shape[axis])
        margins = [(0, 0)] * x.ndim
        margins[axis] = (missing // 2, missing - missing // 2)
        x = jnp.pad(x, margins)
    count = max(0, (x.shape[axis] - extent) // stride + 1)
    if stride == size and dilation == 1:
        x = jax.lax.slice_in_dim(x, 0, count * size, axis=axis)
        return jnp.reshape(x, (*x.shape[:axis], count, size, *x.shape[axis + 1 :]))
    xp = maker_of(count * size)
    places = xp.arange(count)[:, None] * stride + xp.arange(size) * dilation
    return jnp.take(x, places, axis=axis)
