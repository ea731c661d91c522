"""Keys whose numbers are those of `jax.random`, and are drawn faster in programs for CPU."""

import math
from typing import Any

import jax
from jax import lax
from jax.extend import random as jax_random

from deepkit.tensors import draw_seed

from . import _threefry

_THREEFRY = jax_random.threefry_prng_impl


def draw_key(seed: Any = None) -> jax.Array:
    """A key for `jax.random`, from whatever is accepted as `seed`."""
    return as_key(draw_seed(seed))


def as_key(words: jax.Array) -> jax.Array:
    """A key for `jax.random` made of a uint32 array of shape (2,).

    On CPU the rounds of JAX's threefry are a loop, which writes its state to memory five times.
    `docs/design/cpu_lowerings.md` has what that costs.
    """
    if not jax.config.jax_threefry_partitionable:
        return words
    return jax.random.wrap_key_data(words, impl=_IMPLEMENTATION)


def _random_bits(key: jax.Array, bit_width: int, shape: tuple[int, ...]) -> jax.Array:
    if bit_width != 32 or math.prod(shape) >= 2**32:
        return _THREEFRY.random_bits(key, bit_width, shape)
    return lax.platform_dependent(
        key,
        cpu=lambda key: _threefry.compiled_bits(key, shape),
        default=lambda key: _THREEFRY.random_bits(key, bit_width, shape),
    )


_IMPLEMENTATION = jax_random.define_prng_impl(
    key_shape=_THREEFRY.key_shape,
    seed=_THREEFRY.seed,
    split=_THREEFRY.split,
    fold_in=_THREEFRY.fold_in,
    random_bits=_random_bits,
    name="deepkit_threefry",
    tag="deepkit_fry",
)
