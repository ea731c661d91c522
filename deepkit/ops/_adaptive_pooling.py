"""Pooling to a given output size, by windows of nearly equal sizes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from deepkit.core.config import standardize_data_format
from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._constants import maker_of
from ._pool_geometry import PoolGeometry
from ._pool_primitives import max_pool
from ._promotion import as_float
from ._spatial import per_dimension, spatial_rank
from ._types import Shape, TensorLike

# Each is a window of its own, so more take long to draw.
_MOST_OUTPUTS = 2**20


@operation
def adaptive_average_pool(
    inputs: TensorLike, output_size: Shape, data_format: str | None = None
) -> jax.Array:
    """Returns averages of windows that cut images into `output_size` parts.

    Along a dimension of size `n`, window `i` of `m` covers the places from `floor(i n / m)` up to
    `ceil((i + 1) n / m)`.

    Args:
        inputs: images, `(batch, *spatial, channels)` or `(batch, channels, *spatial)`, with one to
            three spatial dimensions.
        output_size: spatial sizes of the output, one for all dimensions or one for each.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if `None`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.adaptive_average_pool([[[1.0], [2.0], [6.0]]], 2).ravel().tolist()
        [1.5, 4.0]
    """
    inputs = as_float(inputs)
    return _pool(inputs, output_size, data_format, _average, "adaptive_average_pool")


@operation
def adaptive_max_pool(
    inputs: TensorLike, output_size: Shape, data_format: str | None = None
) -> jax.Array:
    """Returns the largest values of windows that cut images into `output_size` parts.

    Args:
        inputs: as for `adaptive_average_pool`, whose windows are the same.
        output_size: as for `adaptive_average_pool`.
        data_format: as for `adaptive_average_pool`.

    Example:
        >>> import deepkit
        >>> deepkit.ops.adaptive_max_pool([[[1.0], [2.0], [6.0]]], 2).ravel().tolist()
        [2.0, 6.0]
    """
    return _pool(as_array(inputs), output_size, data_format, _maximum, "adaptive_max_pool")


def _pool(
    inputs: jax.Array,
    output_size: Shape,
    data_format: str | None,
    along_axis: Callable[[jax.Array, int, np.ndarray, np.ndarray], jax.Array],
    function: str,
) -> jax.Array:
    rank = spatial_rank(inputs, function)
    first = 2 if standardize_data_format(data_format) == "channels_first" else 1
    for i, count in enumerate(per_dimension("output_size", output_size, rank)):
        size = inputs.shape[first + i]
        if count > _MOST_OUTPUTS:
            raise ShapeError(
                f"Expected `output_size` of `{function}` to be at most {_MOST_OUTPUTS:,}, "
                f"received {output_size}."
            )
        places = np.arange(count + 1) * size
        inputs = along_axis(inputs, first + i, places[:-1] // count, -(-places[1:] // count))
    return inputs


def _average(inputs: jax.Array, axis: int, starts: np.ndarray, stops: np.ndarray) -> jax.Array:
    xp = maker_of(len(starts) * inputs.shape[axis])
    places = xp.arange(inputs.shape[axis], dtype="int32")
    starts, stops = (edges.astype("int32")[:, None] for edges in (starts, stops))
    inside = (places >= starts) & (places < stops)
    weights = inside.astype(inputs.dtype) / (stops - starts).astype(inputs.dtype)  # (outputs, size)
    averages = jnp.tensordot(inputs, weights, (axis, 1), precision=lax.Precision.HIGHEST)
    return jnp.moveaxis(averages, -1, axis)


def _maximum(inputs: jax.Array, axis: int, starts: np.ndarray, stops: np.ndarray) -> jax.Array:
    size, widths = inputs.shape[axis], stops - starts
    if size % len(starts) == 0:
        return _maxima(inputs, axis, size // len(starts), size // len(starts))
    wide = _maxima(inputs, axis, widths.max(), 1)
    narrow = _maxima(inputs, axis, widths.min(), 1)
    # One gather from both: the windows of either width are all there.
    places = np.where(widths == widths.max(), starts, starts + wide.shape[axis])
    return jnp.take(jnp.concatenate([wide, narrow], axis), places, axis)


def _maxima(inputs: jax.Array, axis: int, width: int, stride: int) -> jax.Array:
    def only(value: int) -> tuple[int, ...]:
        return tuple(int(value) if i == axis else 1 for i in range(1, inputs.ndim))

    padding = ((0, 0),) * (inputs.ndim - 1)
    geometry = PoolGeometry(inputs.shape[1:], only(width), only(stride), padding)
    return max_pool(inputs, geometry=geometry)
