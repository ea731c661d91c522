"""Images cut into patches and put together again."""

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from deepkit.core.config import standardize_data_format
from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._platform_primitive import transpose
from ._spatial import per_dimension
from ._types import Shape, TensorLike


@operation
def unfold(
    x: TensorLike, kernel_size: Shape, dilation: Shape = 1, padding: Shape = 0, stride: Shape = 1
) -> jax.Array:
    """Returns the patches of images, each as a column.

    Args:
        x: images, `(batch, channels, height, width)`.
        kernel_size: sizes of a patch, one for both dimensions or one for each.
        dilation: distances of neighbours in a patch.
        padding: zeros on all sides.
        stride: steps from patch to patch.

    Returns:
        `(batch, channels * patch height * patch width, patches)`.

    Raises:
        ShapeError: not four dimensions, or no patch fits.
    """
    x = as_array(x)
    if x.ndim != 4:
        raise ShapeError(
            f"`unfold` expects images (batch, channels, height, width), received {x.shape}."
        )
    return _unfolding(kernel_size, dilation, padding, stride)(x)


@operation
def fold(
    x: TensorLike,
    output_size: Shape,
    kernel_size: Shape,
    dilation: Shape = 1,
    padding: Shape = 0,
    stride: Shape = 1,
) -> jax.Array:
    """Returns images put together from patches; where patches overlap they are added up.

    Args:
        x: patches as `unfold` returns them.
        output_size: height and width of the images, or one number for both.
        kernel_size: as for `unfold`.
        dilation: as for `unfold`.
        padding: as for `unfold`.
        stride: as for `unfold`.

    Returns:
        `(batch, channels, height, width)`.

    Raises:
        ShapeError: images of that size have another number of patches.
    """
    x = as_array(x)
    unfolding = _unfolding(kernel_size, dilation, padding, stride)
    patch = per_dimension("kernel_size", kernel_size, 2)
    size = per_dimension("output_size", output_size, 2)
    channels = x.shape[1] // (patch[0] * patch[1])
    images = jax.ShapeDtypeStruct((x.shape[0], channels, *size), x.dtype)
    expected = jax.eval_shape(unfolding, images).shape
    if x.shape != expected:
        raise ShapeError(
            f"Expected patches of shape {expected} for images of size {size}, received {x.shape}."
        )
    return transpose(unfolding, images.shape, x)


@operation
def depth_to_space(x: TensorLike, block_size: int, data_format: str = "channels_last") -> jax.Array:
    """Returns larger images of fewer channels: each pixel's channels become a square of pixels.

    Args:
        x: images, `(batch, height, width, channels)` or `(batch, channels, height, width)`.
        block_size: side of a square.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ShapeError: the channels cannot be divided among the pixels of a square.
    """
    x, block = _images(x, "depth_to_space"), block_size
    channels_last = standardize_data_format(data_format) == "channels_last"
    batch, height, width, channels = x.shape if channels_last else _last(x.shape)
    if channels % block**2:
        raise ShapeError(
            f"Expected a number of channels that {block}² divides, received the shape {x.shape} "
            f"({data_format})."
        )
    rest = channels // block**2
    if channels_last:
        x = x.reshape(batch, height, width, block, block, rest).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(batch, height * block, width * block, rest)
    x = x.reshape(batch, rest, block, block, height, width).transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(batch, rest, height * block, width * block)


@operation
def space_to_depth(x: TensorLike, block_size: int, data_format: str = "channels_last") -> jax.Array:
    """Returns smaller images of more channels: each square of pixels becomes one pixel.

    Args:
        x: images, `(batch, height, width, channels)` or `(batch, channels, height, width)`.
        block_size: side of a square.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ShapeError: the images cannot be divided into squares.
    """
    x, block = _images(x, "space_to_depth"), block_size
    channels_last = standardize_data_format(data_format) == "channels_last"
    batch, height, width, channels = x.shape if channels_last else _last(x.shape)
    if height % block or width % block:
        raise ShapeError(
            f"Expected a height and a width that {block} divides, received the shape {x.shape} "
            f"({data_format})."
        )
    h, w = height // block, width // block
    if channels_last:
        x = x.reshape(batch, h, block, w, block, channels).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(batch, h, w, -1)
    x = x.reshape(batch, channels, h, block, w, block).transpose(0, 1, 3, 5, 2, 4)
    return x.reshape(batch, -1, h, w)


def _images(x: TensorLike, function: str) -> jax.Array:
    x = as_array(x)
    if x.ndim != 4:
        raise ShapeError(
            f"`{function}` expects images with four dimensions, received the shape {x.shape}."
        )
    return x


def _last(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], *shape[2:], shape[1])


def _unfolding(
    kernel_size: Shape, dilation: Shape, padding: Shape, stride: Shape
) -> Callable[[jax.Array], jax.Array]:
    """`unfold` as a linear function of the images."""
    patch = per_dimension("kernel_size", kernel_size, 2)
    dilations = per_dimension("dilation", dilation, 2)
    edges = per_dimension("padding", padding, 2, least=0)
    strides = per_dimension("stride", stride, 2)

    def run(x: jax.Array) -> jax.Array:
        x = jnp.pad(x, ((0, 0), (0, 0), *((edge, edge) for edge in edges)))
        reach = [n - (k - 1) * d for n, k, d in zip(x.shape[2:], patch, dilations)]
        if min(reach) < 1:
            raise ShapeError(
                f"Patches of size {patch} do not fit into images of shape {x.shape}, padded."
            )
        places = []
        for place in itertools.product(*map(range, patch)):
            start = [i * d for i, d in zip(place, dilations)]
            stop = [i + n for i, n in zip(start, reach)]
            places.append(lax.slice(x, (0, 0, *start), (*x.shape[:2], *stop), (1, 1, *strides)))
        stacked = jnp.stack(places, axis=2)  # (batch, channels, places, rows, columns)
        batch, channels, count, rows, columns = stacked.shape
        return stacked.reshape(batch, channels * count, rows * columns)

    return run
