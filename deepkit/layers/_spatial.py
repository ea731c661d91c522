"""Axes, and checks of arguments, that layers of sequences, images and volumes share."""

import contextlib
from collections.abc import Sequence
from typing import Any

from deepkit.core.errors import ArgumentError
from deepkit.layers._arguments import check_tuple

Sizes = int | Sequence[int]
Pairs = int | Sequence[int | Sequence[int]]


def channel_axis(data_format: str) -> int:
    """Where the channels are."""
    return 1 if data_format == "channels_first" else -1


def spatial_axes(rank: int, data_format: str) -> tuple[int, ...]:
    """Where the time, the height and width, or the three sizes of a volume are."""
    first = 2 if data_format == "channels_first" else 1
    return tuple(range(first, first + rank))


def check_pairs(argument: str, value: Any, rank: int, layer: Any) -> tuple[tuple[int, int], ...]:
    """A pair (before, after) of integers of at least 0 for each spatial axis.

    One integer stands for all of them; where there are several axes, one also stands for a pair.

    Raises:
        ArgumentError: it is nothing of that.
    """
    if rank == 1 or not isinstance(value, Sequence):
        value_per_axis = (value,) * rank
    else:
        value_per_axis = tuple(value)
    if len(value_per_axis) == rank:
        with contextlib.suppress(ArgumentError):
            return tuple(check_tuple(argument, v, 2, layer, at_least=0) for v in value_per_axis)
    forms = "a pair (before, after)"
    if rank > 1:
        forms = f"a tuple of {rank} integers or of {rank} pairs (before, after)"
    raise ArgumentError(
        f"Expected `{argument}` of the layer '{layer.name}' ({type(layer).__name__}) to be an "
        f"integer or {forms}, none of them negative, received {value!r}."
    )
