"""Images bent by a map of coordinates: affine, perspective, elastic."""

import jax
import jax.numpy as jnp
import jax.scipy.ndimage

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import SeedGenerator, as_array, draw_seed, operation

from ._image_filters import blur
from ._image_layout import one_of, to_batch
from ._types import TensorLike

_ORDERS = {"nearest": 0, "bilinear": 1}
_FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


@operation
def map_coordinates(
    inputs: TensorLike,
    coordinates: TensorLike,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> jax.Array:
    """Returns the values of `inputs` at fractional coordinates.

    Args:
        inputs: array.
        coordinates: array of shape `(axes of inputs, ...)`: an index along each axis.
        order: 0 takes the nearest element, 1 interpolates linearly.
        fill_mode: what lies outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` (the edge
            once) or `"reflect"` (the edge twice).
        fill_value: the constant.

    Returns:
        Array of shape `coordinates.shape[1:]`.

    Raises:
        ShapeError: there is not one coordinate for each axis.
        ArgumentError: an unknown `order` or `fill_mode`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.image.map_coordinates([0.0, 10.0, 20.0], [[0.5, 1.25]], order=1)
        Array([ 5. , 12.5], dtype=float32)
    """
    inputs, coordinates = as_array(inputs), as_array(coordinates)
    if coordinates.ndim < 2 or coordinates.shape[0] != inputs.ndim:
        raise ShapeError(
            f"Expected `coordinates` to have shape ({inputs.ndim}, ...), an index for each axis of "
            f"`inputs`, received {tuple(coordinates.shape)}."
        )
    one_of("order", order, (0, 1))
    one_of("fill_mode", fill_mode, _FILL_MODES)
    return _sample(inputs, coordinates, order, fill_mode, fill_value)


def _sample(
    image: jax.Array, coordinates: jax.Array, order: int, fill_mode: str, fill_value: float
) -> jax.Array:
    # In float32, where coordinates are exact, whatever the dtype of the image; then back.
    exact = dtypes.result_type(image.dtype, "float32")
    sampled = jax.scipy.ndimage.map_coordinates(
        image.astype(exact), coordinates.astype(exact), order, fill_mode, fill_value
    )
    if jnp.issubdtype(image.dtype, jnp.integer):
        sampled = jnp.round(sampled)
    return sampled.astype(image.dtype)


def _warp(
    batch: jax.Array, coordinates: jax.Array, order: int, fill_mode: str, fill_value: float
) -> jax.Array:
    """Each image of a batch, every channel, at its coordinates of shape (batch, 2, h, w)."""

    def warp_channel(channel: jax.Array, coordinates: jax.Array) -> jax.Array:
        return _sample(channel, coordinates, order, fill_mode, fill_value)

    over_channels = jax.vmap(warp_channel, in_axes=(-1, None), out_axes=-1)
    return jax.vmap(over_channels)(batch, coordinates)


def _grid(batch: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The row and the column of each pixel, as float32."""
    height, width = batch.shape[1:3]
    rows, columns = jnp.meshgrid(
        jnp.arange(height, dtype="float32"), jnp.arange(width, dtype="float32"), indexing="ij"
    )
    return rows, columns


def _project(batch: jax.Array, transforms: jax.Array) -> jax.Array:
    """The coordinates that transforms `(a0, a1, a2, b0, b1, b2, c0, c1)` give each pixel."""
    y, x = _grid(batch)
    a0, a1, a2, b0, b1, b2, c0, c1 = jnp.moveaxis(transforms, -1, 0)[..., None, None]
    k = c0 * x + c1 * y + 1.0
    return jnp.stack([(b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k], axis=1)


@operation
def affine_transform(
    images: TensorLike,
    transform: TensorLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> jax.Array:
    """Returns images moved, turned, scaled or sheared.

    The pixel `(x, y)` of the result comes from `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`
    with `k = c0 x + c1 y + 1`.

    Args:
        images: one image or a batch.
        transform: `(a0, a1, a2, b0, b1, b2, c0, c1)`, of shape `(8,)` or `(batch, 8)`.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: what lies outside; see `map_coordinates`.
        fill_value: the constant of `fill_mode="constant"`.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ShapeError: `transform` is not of that shape.
        ArgumentError: an unknown option.
    """
    one_of("interpolation", interpolation, _ORDERS)
    one_of("fill_mode", fill_mode, _FILL_MODES)
    batch, restore = to_batch(images, data_format)
    transform = as_array(transform).astype("float32")
    if transform.ndim not in (1, 2) or transform.shape[-1] != 8:
        raise ShapeError(
            "Expected `transform` to have shape (8,) or (batch, 8), received "
            f"{tuple(transform.shape)}."
        )
    transforms = jnp.broadcast_to(transform, (batch.shape[0], 8))
    coordinates = _project(batch, transforms)
    return restore(_warp(batch, coordinates, _ORDERS[interpolation], fill_mode, fill_value))


@operation
def perspective_transform(
    images: TensorLike,
    start_points: TensorLike,
    end_points: TensorLike,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> jax.Array:
    """Returns images bent so that four points come to lie on four others.

    Args:
        images: one image or a batch.
        start_points: points `(x, y)` of shape `(4, 2)` or `(batch, 4, 2)`.
        end_points: where they come to lie.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_value: what lies outside.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ShapeError: the points are not of such a shape, the same for both.
        ArgumentError: an unknown `interpolation`.
    """
    one_of("interpolation", interpolation, _ORDERS)
    batch, restore = to_batch(images, data_format)
    start, end = (as_array(points).astype("float32") for points in (start_points, end_points))
    if start.shape != end.shape or start.ndim not in (2, 3) or start.shape[-2:] != (4, 2):
        raise ShapeError(
            "Expected `start_points` and `end_points` to have shape (4, 2) or (batch, 4, 2), "
            f"received {tuple(start.shape)} and {tuple(end.shape)}."
        )
    transforms = jnp.broadcast_to(_homography(start, end), (batch.shape[0], 8))
    coordinates = _project(batch, transforms)
    return restore(_warp(batch, coordinates, _ORDERS[interpolation], "constant", fill_value))


def _homography(start: jax.Array, end: jax.Array) -> jax.Array:
    """The transform that maps each point of `end` to that of `start`: 8 linear equations."""
    (x, y), (u, v) = jnp.moveaxis(end, -1, 0), jnp.moveaxis(start, -1, 0)
    zero, one = jnp.zeros_like(x), jnp.ones_like(x)
    of_u = jnp.stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    of_v = jnp.stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=-1)
    matrix = jnp.concatenate([of_u, of_v], axis=-2)  # (..., 8, 8)
    return jnp.linalg.solve(matrix, jnp.concatenate([u, v], axis=-1)[..., None])[..., 0]


@operation
def elastic_transform(
    images: TensorLike,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: int | SeedGenerator | None = None,
    data_format: str | None = None,
) -> jax.Array:
    """Returns images in which every pixel is displaced by smooth random noise.

    Args:
        images: one image or a batch.
        alpha: strength of the displacement.
        sigma: standard deviation of the noise, and of the Gaussian that smooths it, in pixels.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: what lies outside; see `map_coordinates`.
        fill_value: the constant of `fill_mode="constant"`.
        seed: an integer or a `SeedGenerator`.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ArgumentError: an unknown option, or `sigma` is not above 0.
    """
    one_of("interpolation", interpolation, _ORDERS)
    one_of("fill_mode", fill_mode, _FILL_MODES)
    if not sigma > 0:
        raise ArgumentError(f"Expected `sigma` to be above 0, received {sigma}.")
    batch, restore = to_batch(images, data_format)
    noise = sigma * jax.random.normal(draw_seed(seed), (*batch.shape[:3], 2))
    taps = int(6 * sigma) | 1
    displacement = alpha * blur(noise, (taps, taps), (sigma, sigma))
    coordinates = jnp.stack(_grid(batch)) + jnp.moveaxis(displacement, -1, 1)
    return restore(_warp(batch, coordinates, _ORDERS[interpolation], fill_mode, fill_value))
