"""Dropout: random zeros."""

import numbers
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import as_array, operation

from ._keys import draw_key


@operation
def dropout(
    inputs: Any,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: Any = None,
) -> jax.Array:
    """Set entries to zero with probability `rate` and scale the rest, so that the mean stays.

    `y = x / (1 - rate)` where an entry is kept, else 0
    ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)).

    Args:
        inputs: a tensor.
        rate: the probability that an entry becomes zero, between 0 and 1.
        noise_shape: shape of the mask, which broadcasts to the inputs: a size of 1 drops whole
            slices together, `None` takes the input's size.
        seed: an integer (the same mask every time), a `SeedGenerator` (a new one every time),
            a key of JAX, or `None` for the global generator.

    Raises:
        ArgumentError: `rate` is not a number between 0 and 1.
        ShapeError: `noise_shape` does not broadcast to the inputs' shape.

    Example:
        >>> import deepkit
        >>> x = deepkit.random.dropout([[1.0] * 8], rate=0.5, seed=1)
        >>> sorted(set(x[0].tolist()))
        [0.0, 2.0]
    """
    if isinstance(rate, bool) or not isinstance(rate, numbers.Real) or not 0 <= rate <= 1:
        raise ArgumentError(f"Expected `rate` to be a number from 0 to 1, received {rate!r}.")
    x = as_array(inputs)
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        x = x.astype(config.floatx())
    if rate == 1:
        return jnp.zeros_like(x)
    if rate == 0:
        return x
    keep = 1.0 - rate
    kept = jax.random.bernoulli(draw_key(seed), keep, _mask_shape(x.shape, noise_shape))
    return jnp.where(kept, x / keep, 0.0)


def _mask_shape(
    shape: tuple[int, ...], noise_shape: Sequence[int | None] | None
) -> tuple[int, ...]:
    if noise_shape is None:
        return shape
    noise = tuple(noise_shape)
    if len(noise) == len(shape):
        noise = tuple(size if want is None else want for want, size in zip(noise, shape))
        if all(want in (1, size) for want, size in zip(noise, shape)):
            return noise
    raise ShapeError(
        f"Expected `noise_shape` to have, for each size of the inputs' shape {shape}, that size, "
        f"1 or None, received {tuple(noise_shape)}."
    )
