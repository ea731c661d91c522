"""Pooling: the largest or the average value in each window."""

import math

import jax
import numpy as np

from deepkit.core.config import standardize_data_format
from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._constants import maker_of
from ._pool_geometry import PoolGeometry
from ._pool_primitives import max_pool as pool_maxima
from ._pool_primitives import sum_pool as pool_sums
from ._promotion import as_float
from ._spatial import Padding, per_dimension, spatial_padding, spatial_rank, spatial_size
from ._types import Shape, TensorLike


@operation
def max_pool(
    inputs: TensorLike,
    pool_size: Shape,
    strides: Shape | None = None,
    padding: Padding = "valid",
    data_format: str | None = None,
) -> jax.Array:
    """Returns the largest value in each window of images; of equal ones, the first has the slope.

    Args:
        inputs: images, `(batch, *spatial, channels)` or `(batch, channels, *spatial)`, with one to
            three spatial dimensions.
        pool_size: sizes of a window, one for all spatial dimensions or one for each.
        strides: steps from window to window; `pool_size` if `None`.
        padding: `"valid"` (none), `"same"` (`ceil(size / stride)` outputs), or for each spatial
            dimension a pair of how many places to put before and after.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if `None`.

    Raises:
        ShapeError: no window fits.

    Example:
        >>> import deepkit
        >>> deepkit.ops.max_pool([[[1.0], [4.0], [3.0], [2.0]]], 2).ravel().tolist()
        [4.0, 3.0]
    """
    inputs = as_array(inputs)
    geometry = _geometry(inputs, pool_size, strides, padding, data_format, "max_pool")
    return pool_maxima(inputs, geometry=geometry)


@operation
def average_pool(
    inputs: TensorLike,
    pool_size: Shape,
    strides: Shape | None = None,
    padding: Padding = "valid",
    data_format: str | None = None,
) -> jax.Array:
    """Returns the average of each window of images; padding does not count.

    Args:
        inputs: as for `max_pool`.
        pool_size: as for `max_pool`.
        strides: as for `max_pool`.
        padding: as for `max_pool`.
        data_format: as for `max_pool`.

    Raises:
        ShapeError: no window fits.

    Example:
        >>> import deepkit
        >>> images = [[[1.0], [4.0], [3.0]]]
        >>> deepkit.ops.average_pool(images, 2, padding="same").ravel().tolist()
        [2.5, 3.0]
    """
    inputs = as_float(inputs)
    geometry = _geometry(inputs, pool_size, strides, padding, data_format, "average_pool")
    sums = pool_sums(inputs, geometry=geometry)
    if not any(map(any, geometry.padding)):
        return sums / math.prod(geometry.window)
    return sums / _window_counts(geometry).astype(sums.dtype)


def _geometry(
    inputs: jax.Array,
    pool_size: Shape,
    strides: Shape | None,
    padding: Padding,
    data_format: str | None,
    function: str,
) -> PoolGeometry:
    rank = spatial_rank(inputs, function)
    data_format = standardize_data_format(data_format)
    sizes = spatial_size(inputs, data_format)
    window = per_dimension("pool_size", pool_size, rank)
    strides = window if strides is None else per_dimension("strides", strides, rank)
    edges = spatial_padding(padding, sizes, window, strides)
    if data_format == "channels_first":
        window, strides, edges = (1, *window), (1, *strides), ((0, 0), *edges)
    else:
        window, strides, edges = (*window, 1), (*strides, 1), (*edges, (0, 0))
    geometry = PoolGeometry(inputs.shape[1:], window, strides, edges)
    if min(geometry.output_size) < 1 <= min(inputs.shape[1:]):
        raise ShapeError(
            f"A window of size {pool_size} does not fit into inputs of shape {inputs.shape} "
            f"({data_format}). Use larger inputs, a smaller `pool_size`, or `padding='same'`."
        )
    return geometry


def _window_counts(geometry: PoolGeometry) -> np.ndarray | jax.Array:
    """How many places of each window lie inside of the images."""
    total = np.ones((), np.int32)
    xp = maker_of(math.prod(geometry.output_size))
    for size, window, stride, (low, _), count in zip(
        geometry.input_size,
        geometry.window,
        geometry.strides,
        geometry.padding,
        geometry.output_size,
    ):
        start = xp.arange(count) * stride - low
        inside = xp.minimum(start + window, size) - xp.maximum(start, 0)
        counted = inside if window > 1 else np.ones(1, np.int32)
        total = xp.multiply.outer(total, counted)
    return total
