"""Padding and cropping of images."""

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.tensors import operation

from ._image_layout import to_batch
from ._types import TensorLike


@operation
def pad_images(
    images: TensorLike,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> jax.Array:
    """Returns images with zeros around them.

    Of top, bottom and height two are given and the third follows; likewise left, right and width.

    Args:
        images: one image or a batch.
        top_padding: rows above.
        left_padding: columns on the left.
        bottom_padding: rows below.
        right_padding: columns on the right.
        target_height: height of the result.
        target_width: width of the result.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ArgumentError: not two of three are given, or one comes to be negative.

    Example:
        >>> import deepkit
        >>> images = deepkit.ops.ones((1, 4, 4, 3))
        >>> deepkit.ops.image.pad_images(images, 1, 2, target_height=6, target_width=8).shape
        (1, 6, 8, 3)
    """
    batch, restore = to_batch(images, data_format)
    rows = _margins(
        batch.shape[1],
        1,
        top_padding=top_padding,
        bottom_padding=bottom_padding,
        target_height=target_height,
    )
    columns = _margins(
        batch.shape[2],
        1,
        left_padding=left_padding,
        right_padding=right_padding,
        target_width=target_width,
    )
    return restore(jnp.pad(batch, ((0, 0), rows, columns, (0, 0))))


@operation
def crop_images(
    images: TensorLike,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> jax.Array:
    """Returns images without their borders.

    Of top, bottom and height two are given and the third follows; likewise left, right and width.

    Args:
        images: one image or a batch.
        top_cropping: rows to leave out above.
        left_cropping: columns to leave out on the left.
        bottom_cropping: rows to leave out below.
        right_cropping: columns to leave out on the right.
        target_height: height of the result.
        target_width: width of the result.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ArgumentError: not two of three are given, or one comes to be negative.
    """
    batch, restore = to_batch(images, data_format)
    height, width = batch.shape[1:3]
    top, bottom = _margins(
        height,
        -1,
        top_cropping=top_cropping,
        bottom_cropping=bottom_cropping,
        target_height=target_height,
    )
    left, right = _margins(
        width,
        -1,
        left_cropping=left_cropping,
        right_cropping=right_cropping,
        target_width=target_width,
    )
    return restore(batch[:, top : height - bottom, left : width - right])


def _margins(size: int, sign: int, **given: int | None) -> tuple[int, int]:
    """What is before and after, of `before, after, target` with one `None`, so that

    `target = size + sign * (before + after)`.
    """
    if list(given.values()).count(None) != 1:
        raise ArgumentError(f"Expected two of these to be given and one None, received {given}.")
    before, after, target = given.values()
    if before is None:
        before = sign * (target - size) - after
    elif after is None:
        after = sign * (target - size) - before
    target = size + sign * (before + after)
    solved = dict(zip(given, (before, after, target)))
    for name, value in solved.items():
        if value < 0:
            raise ArgumentError(
                f"Expected `{name}` to be 0 or more, received {value} for images of size {size}: "
                f"{solved}."
            )
    return before, after
