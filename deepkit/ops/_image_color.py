"""Colours: grey, and between RGB and HSV."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from deepkit.core.errors import DTypeError, ShapeError
from deepkit.tensors import operation

from ._image_layout import to_batch
from ._promotion import as_float
from ._types import TensorLike

# The luma of ITU-R BT.601.
_LUMA = (0.2989, 0.5870, 0.1140)


@operation
def rgb_to_grayscale(images: TensorLike, data_format: str | None = None) -> jax.Array:
    """Returns images with one channel: `0.2989 R + 0.5870 G + 0.1140 B`.

    Args:
        images: one image or a batch with 3 channels, or 1, which stay as they are.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ShapeError: there are neither 3 channels nor 1.
    """
    batch, restore = to_batch(images, data_format)
    if batch.shape[-1] == 1:
        return restore(batch)
    _check_channels(batch, "3 channels (RGB) or 1 (grey)")
    colours = as_float(batch)
    grey = jnp.tensordot(colours, jnp.asarray(_LUMA, colours.dtype), axes=1)
    return restore(grey[..., None].astype(batch.dtype))


@operation
def rgb_to_hsv(images: TensorLike, data_format: str | None = None) -> jax.Array:
    """Returns RGB images as hue, saturation and value.

    Args:
        images: one image or a batch of floats in [0, 1] with 3 channels.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        DTypeError: the images are not floats.
        ShapeError: there are not 3 channels.
    """
    return _map_channels(_to_hsv, images, data_format)


@operation
def hsv_to_rgb(images: TensorLike, data_format: str | None = None) -> jax.Array:
    """Returns images of hue, saturation and value as RGB, the inverse of `rgb_to_hsv`.

    The arguments and errors are those of `rgb_to_hsv`.
    """
    return _map_channels(_to_rgb, images, data_format)


def _map_channels(
    function: Callable[..., tuple[jax.Array, ...]], images: TensorLike, data_format: str | None
) -> jax.Array:
    batch, restore = to_batch(images, data_format)
    if not jnp.issubdtype(batch.dtype, jnp.floating):
        raise DTypeError(
            f"Expected `images` to be floats in [0, 1], received {batch.dtype.name}. "
            "Divide them by 255 first."
        )
    _check_channels(batch, "3 channels")
    return restore(jnp.stack(function(*jnp.moveaxis(batch, -1, 0)), axis=-1))


def _check_channels(batch: jax.Array, expected: str) -> None:
    if batch.shape[-1] != 3:
        raise ShapeError(f"Expected `images` with {expected}, received {batch.shape[-1]}.")


def _to_hsv(red: jax.Array, green: jax.Array, blue: jax.Array) -> tuple[jax.Array, ...]:
    tiny = jnp.finfo(red.dtype).eps
    red, green, blue = (jnp.where(jnp.abs(x) < tiny, 0.0, x) for x in (red, green, blue))
    value = jnp.maximum(jnp.maximum(red, green), blue)
    spread = value - jnp.minimum(jnp.minimum(red, green), blue)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1.0), 0.0)
    # A sixth of the circle for each unit of difference, from where the largest colour lies.
    unit = 1.0 / (6.0 * jnp.where(spread > 0, spread, 1.0))
    hue = jnp.where(
        value == green, unit * (blue - red) + 2.0 / 6.0, unit * (red - green) + 4.0 / 6.0
    )
    hue = jnp.where(value == red, unit * (green - blue), hue)
    hue = jnp.where(spread > 0, hue, 0.0) + (hue < 0.0).astype(hue.dtype)
    return hue, saturation, value


def _to_rgb(hue: jax.Array, saturation: jax.Array, value: jax.Array) -> tuple[jax.Array, ...]:
    sixths = jnp.mod(hue, 1.0) * 6.0
    red = jnp.clip(jnp.abs(sixths - 3.0) - 1.0, 0.0, 1.0)
    green = jnp.clip(2.0 - jnp.abs(sixths - 2.0), 0.0, 1.0)
    blue = jnp.clip(2.0 - jnp.abs(sixths - 4.0), 0.0, 1.0)
    return tuple(value * (1.0 - saturation + saturation * x) for x in (red, green, blue))
