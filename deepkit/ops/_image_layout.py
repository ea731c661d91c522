"""The one layout in which image ops work: (batch, height, width, channels)."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array

from ._types import TensorLike


def to_batch(
    images: TensorLike, data_format: str | None, argument: str = "images"
) -> tuple[jax.Array, Callable[[jax.Array], jax.Array]]:
    """One image or a batch, in either layout, as a batch with the channels last.

    Returns:
        The batch, and a function that brings such a batch back to the layout of `images`.

    Raises:
        ShapeError: `images` has neither three nor four axes.
    """
    images = as_array(images)
    channels_first = config.standardize_data_format(data_format) == "channels_first"
    if images.ndim not in (3, 4):
        raise ShapeError(
            f"Expected `{argument}` to have 3 axes (one image) or 4 (a batch of images), received "
            f"shape {tuple(images.shape)}."
        )
    single = images.ndim == 3

    def restore(batch: jax.Array) -> jax.Array:
        if channels_first:
            batch = jnp.moveaxis(batch, 3, 1)
        return batch[0] if single else batch

    if single:
        images = images[None]
    return (jnp.moveaxis(images, 1, -1) if channels_first else images), restore


def one_of(argument: str, value: Any, allowed: Iterable[Any]) -> Any:
    """`value`, checked to be among `allowed`.

    Raises:
        ArgumentError: it is not.
    """
    allowed = tuple(allowed)
    if value not in allowed:
        raise ArgumentError(f"Expected `{argument}` to be one of {allowed}, received {value!r}.")
    return value
