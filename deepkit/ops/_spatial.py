"""Checks of the arguments that convolutions and pooling share."""

import operator
from collections.abc import Sequence

import jax

from deepkit.core.errors import ArgumentError, ShapeError

from ._conv_geometry import same_padding
from ._types import Shape

Padding = str | Sequence[tuple[int, int]]


def spatial_rank(inputs: jax.Array, function: str) -> int:
    """How many dimensions images have.

    Raises:
        ShapeError: not 1, 2 or 3 beside the batch and the channels.
    """
    if inputs.ndim not in (3, 4, 5):
        raise ShapeError(
            f"`{function}` expects inputs with a batch, channels and 1, 2 or 3 spatial dimensions, "
            f"received the shape {inputs.shape}."
        )
    return inputs.ndim - 2


def per_dimension(argument: str, value: Shape, rank: int, least: int = 1) -> tuple[int, ...]:
    """One integer for each spatial dimension, from one for all or a sequence of them.

    Raises:
        ArgumentError: another count of them, no integers, or one below `least`.
    """
    try:
        values = tuple(map(operator.index, value if hasattr(value, "__len__") else (value,) * rank))
    except TypeError:
        values = ()
    if len(values) != rank or min(values) < least:
        raise ArgumentError(
            f"Expected `{argument}` to be an integer or {rank} integers, each {least} or above, "
            f"received {value!r}."
        )
    return values


def spatial_padding(
    padding: Padding, sizes: Sequence[int], extents: Sequence[int], strides: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Places before and after, for each spatial dimension.

    Raises:
        ArgumentError: neither "valid" nor "same", nor a pair for each dimension.
    """
    if isinstance(padding, str):
        if padding.lower() == "valid":
            return ((0, 0),) * len(sizes)
        if padding.lower() == "same":
            return tuple(map(same_padding, sizes, extents, strides))
    elif len(padding) == len(sizes) and all(len(pair) == 2 for pair in padding):
        return tuple((int(low), int(high)) for low, high in padding)
    raise ArgumentError(
        f"Expected `padding` to be 'valid', 'same' or a pair (before, after) for each of the "
        f"{len(sizes)} spatial dimensions, received {padding!r}."
    )


def spatial_size(inputs: jax.Array, data_format: str) -> tuple[int, ...]:
    """The spatial sizes of images."""
    return inputs.shape[2:] if data_format == "channels_first" else inputs.shape[1:-1]


def channel_count(inputs: jax.Array, data_format: str) -> int:
    """The channels of images."""
    return inputs.shape[1 if data_format == "channels_first" else -1]
