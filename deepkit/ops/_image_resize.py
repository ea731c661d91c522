"""Resizing, scaling and moving of images."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array, operation

from ._casting import saturate_cast
from ._image_layout import one_of, to_batch
from ._types import TensorLike

_INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")
_METHODS = (
    *("linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic"),
    *("lanczos3", "lanczos5"),
)


@operation
def resize(
    images: TensorLike,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> jax.Array:
    """Returns images of another size.

    Args:
        images: one image or a batch.
        size: `(height, width)`.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        antialias: whether to blur before making images smaller.
        crop_to_aspect_ratio: whether to cut images to the new aspect ratio, not to stretch them.
        pad_to_aspect_ratio: whether to pad images to the new aspect ratio, not to stretch them.
        fill_mode: how to pad; `"constant"`.
        fill_value: what to pad with.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ArgumentError: `size` is not two positive integers, an option is unknown, or images are to
            be both cut and padded.
    """
    one_of("interpolation", interpolation, _INTERPOLATIONS)
    one_of("fill_mode", fill_mode, ("constant",))
    if len(size) != 2 or min(size) < 1:
        raise ArgumentError(
            f"Expected `size` to be (height, width), both positive, received {tuple(size)}."
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(
            "Expected only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio`, received both."
        )
    batch, restore = to_batch(images, data_format)
    if crop_to_aspect_ratio:
        batch = _crop_to_ratio(batch, *size)
    elif pad_to_aspect_ratio:
        batch = _pad_to_ratio(batch, *size, fill_value)
    shape = (batch.shape[0], *size, batch.shape[-1])
    resized = jax.image.resize(batch, shape, method=interpolation, antialias=antialias)
    if jnp.issubdtype(batch.dtype, jnp.integer):
        resized = jnp.round(resized)
    return restore(saturate_cast(resized, batch.dtype))


def _crop_to_ratio(batch: jax.Array, target_height: int, target_width: int) -> jax.Array:
    height, width = batch.shape[1:3]
    new_height = max(1, min(height, int(width * target_height / target_width)))
    new_width = max(1, min(width, int(height * target_width / target_height)))
    top, left = (height - new_height) // 2, (width - new_width) // 2
    return batch[:, top : top + new_height, left : left + new_width]


def _pad_to_ratio(
    batch: jax.Array, target_height: int, target_width: int, fill_value: float
) -> jax.Array:
    height, width = batch.shape[1:3]
    rows = max(0, int(width * target_height / target_width) - height) // 2
    columns = max(0, int(height * target_width / target_height) - width) // 2
    fill = as_array(fill_value, batch.dtype)
    return jnp.pad(batch, ((0, 0), (rows, rows), (columns, columns), (0, 0)), constant_values=fill)


@operation
def scale_and_translate(
    images: TensorLike,
    output_shape: Sequence[int],
    scale: TensorLike,
    translation: TensorLike,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> jax.Array:
    """Returns images scaled, then moved, in fractions of pixels if need be.

    Args:
        images: array of any layout.
        output_shape: shape of the result, all axes of it.
        scale: factor for each of `spatial_dims`.
        translation: distance for each of `spatial_dims`.
        spatial_dims: the axes to scale and move along.
        method: `"linear"`, `"cubic"`, `"lanczos3"` or `"lanczos5"`, the first two also with `bi` or
            `tri` in front.
        antialias: whether to blur before making images smaller.

    Raises:
        ArgumentError: an unknown `method`.
    """
    one_of("method", method, _METHODS)
    images = as_array(images)
    numbers = dtypes.result_type(images.dtype, "float32")
    return jax.image.scale_and_translate(
        images,
        tuple(output_shape),
        tuple(spatial_dims),
        as_array(scale, numbers),
        as_array(translation, numbers),
        method,
        antialias,
    )
