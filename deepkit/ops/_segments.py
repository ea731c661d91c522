"""Reductions of the rows that carry the same segment number."""

from collections.abc import Callable

import jax
import numpy as np

from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array, operation

from ._types import TensorLike


@operation
def segment_sum(
    data: TensorLike,
    segment_ids: TensorLike,
    num_segments: int | None = None,
    sorted: bool = False,
) -> jax.Array:
    """Returns the sum of the rows of each segment; 0 for an empty one.

    Args:
        data: array of shape `(rows, ...)`.
        segment_ids: integers of shape `(rows,)`: the segment of each row. Rows with a number that
            is not in `[0, num_segments)` are left out.
        num_segments: size of the result; needed under `jax.jit`, else the highest number + 1.
        sorted: whether `segment_ids` are in increasing order, which is faster.

    Raises:
        ArgumentError: `num_segments` is `None` where `segment_ids` are not known yet.

    Example:
        >>> import deepkit
        >>> deepkit.ops.segment_sum([1.0, 2.0, 3.0], [0, 1, 0], num_segments=2)
        Array([4., 2.], dtype=float32)
    """
    return _reduce(jax.ops.segment_sum, data, segment_ids, num_segments, sorted)


@operation
def segment_max(
    data: TensorLike,
    segment_ids: TensorLike,
    num_segments: int | None = None,
    sorted: bool = False,
) -> jax.Array:
    """Returns the largest of the rows of each segment; the lowest number for an empty one.

    The arguments are those of `segment_sum`.
    """
    return _reduce(jax.ops.segment_max, data, segment_ids, num_segments, sorted)


@operation
def segment_min(
    data: TensorLike,
    segment_ids: TensorLike,
    num_segments: int | None = None,
    sorted: bool = False,
) -> jax.Array:
    """Returns the smallest of the rows of each segment; the largest number for an empty one.

    The arguments are those of `segment_sum`.
    """
    return _reduce(jax.ops.segment_min, data, segment_ids, num_segments, sorted)


@operation
def segment_prod(
    data: TensorLike,
    segment_ids: TensorLike,
    num_segments: int | None = None,
    sorted: bool = False,
) -> jax.Array:
    """Returns the product of the rows of each segment; 1 for an empty one.

    The arguments are those of `segment_sum`.
    """
    return _reduce(jax.ops.segment_prod, data, segment_ids, num_segments, sorted)


def _reduce(
    reduction: Callable[..., jax.Array],
    data: TensorLike,
    segment_ids: TensorLike,
    num_segments: int | None,
    is_sorted: bool,
) -> jax.Array:
    segment_ids = as_array(segment_ids)
    if num_segments is None:
        if isinstance(segment_ids, jax.core.Tracer):
            raise ArgumentError(
                "Expected `num_segments` to be given where `segment_ids` are traced: "
                "the shape of the result must be known, received num_segments=None."
            )
        num_segments = int(np.asarray(segment_ids).max()) + 1 if segment_ids.size else 0
    return reduction(as_array(data), segment_ids, num_segments, indices_are_sorted=is_sorted)
