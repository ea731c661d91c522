"""Numbers of any count by one compiled program for each distribution, as `jax.random` draws them.

`jax.random` compiles a program for each shape, which takes a fifth of a second and more, and a new
model has many shapes. Here a program fills a block, of which a shape takes as many as it needs.
"""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import random as jax_random

from deepkit.core.compiler_options import jit

from . import _threefry

_BLOCK = 2**18
_PART = 2**12
_ALIGNMENT = 64
# So many uniform numbers take NumPy as long as compiling takes XLA.
_MAX_DRAWN_BY_NUMPY = 2**21
# Up to here scaling rounds twice, as it does in NumPy; above as in a program.
_MAX_SCALED_ON_HOST = 2**20
_THREEFRY = jax_random.threefry_prng_impl


@dataclasses.dataclass
class _State:
    drawn_by_numpy: int = 0


_STATE = _State()


def fits(key: jax.Array, size: int) -> bool:
    """Whether so many numbers can be drawn here: now, and as `jax.random` would."""
    return size < 2**32 and _threefry.draws_now(key)


def uniform(key: jax.Array, shape: tuple[int, ...], low: float, high: float) -> jax.Array:
    """What `jax.random.uniform` draws as float32, to one rounding.

    Args:
        key: a uint32 array of shape (2,).
        shape: of the result.
        low: the lowest value.
        high: the upper bound, not drawn itself.
    """
    size, low, high = math.prod(shape), np.float32(low), np.float32(high)
    if size > _MAX_SCALED_ON_HOST:
        return _on_device(_drawn(_uniform, key, size, low, high), shape)
    numbers = _unit_floats(key, size)
    numbers *= high - low
    numbers += low
    return _on_device(np.maximum(low, numbers, out=numbers), shape)


def normal(key: jax.Array, shape: tuple[int, ...], mean: float, stddev: float) -> jax.Array:
    """What `jax.random.normal` draws as float32, times `stddev`, plus `mean`."""
    return _scaled(_drawn(_normal, key, math.prod(shape)), shape, mean, stddev)


def truncated_normal(
    key: jax.Array, shape: tuple[int, ...], mean: float, stddev: float
) -> jax.Array:
    """What `jax.random.truncated_normal` draws from -2 to 2, times `stddev`, plus `mean`."""
    # As constants they would be rounded in another way.
    bounds = np.float32(-2), np.float32(2)
    numbers = _drawn(_truncated_normal, key, math.prod(shape), *bounds)
    return _scaled(numbers, shape, mean, stddev)


def _scaled(numbers: np.ndarray, shape: tuple[int, ...], mean: float, stddev: float) -> jax.Array:
    numbers *= np.float32(stddev)
    numbers += np.float32(mean)
    return _on_device(numbers, shape)


def _on_device(numbers: np.ndarray, shape: tuple[int, ...]) -> jax.Array:
    return jax.device_put(numbers.reshape(shape))


def _unit_floats(key: jax.Array, size: int) -> np.ndarray:
    """Uniform numbers from 0 to 1: by NumPy until that took as long as compiling takes."""
    if size < _PART or _STATE.drawn_by_numpy < _MAX_DRAWN_BY_NUMPY:
        _STATE.drawn_by_numpy += size
        return _threefry.unit_floats(key, size)
    return _drawn(_uniform, key, size, np.float32(0), np.float32(1))


def _drawn(draw: Any, key: jax.Array, size: int, *parameters: Any) -> np.ndarray:
    words = np.asarray(key)
    numbers = _empty(size)
    for start in range(0, size, _BLOCK):
        count = min(_BLOCK, size - start)
        parts = np.int32(-(-count // _PART))
        block = _filled(draw)(np.append(words, np.uint32(start)), parts, *parameters)
        numbers[start : start + count] = np.asarray(block)[:count]
    return numbers


def _empty(size: int) -> np.ndarray:
    """Room for numbers that XLA on CPU uses where it lies, since it is aligned for it."""
    room = np.empty(size * 4 + _ALIGNMENT, "uint8")
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size * 4].view("float32")


@functools.cache
def _filled(draw: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    """The program that fills the first parts of a block.

    Each part is drawn in one go over it, whatever XLA fuses with the rounds of threefry.
    """

    def fill(words: jax.Array, parts: jax.Array, *parameters: Any) -> jax.Array:
        def turn(part: jax.Array, block: jax.Array) -> jax.Array:
            start = words[2] + part.astype("uint32") * np.uint32(_PART)
            key = jax.random.wrap_key_data(
                jnp.stack([words[0], words[1], start]), impl=_FROM_A_COUNT
            )
            # What XLA can work out before the loop it rounds in another way than `jax.random` does.
            key, inner = lax.optimization_barrier((key, parameters))
            return lax.dynamic_update_slice(block, draw(key, *inner), (part * _PART,))

        return lax.fori_loop(0, parts, turn, jnp.zeros(_BLOCK, "float32"))

    return jit(fill)


def _uniform(key: jax.Array, low: jax.Array, high: jax.Array) -> jax.Array:
    return jax.random.uniform(key, (_PART,), "float32", low, high)


def _normal(key: jax.Array) -> jax.Array:
    return jax.random.normal(key, (_PART,), "float32")


def _truncated_normal(key: jax.Array, low: jax.Array, high: jax.Array) -> jax.Array:
    return jax.random.truncated_normal(key, low, high, (_PART,), "float32")


def _bits_from_a_count(key: jax.Array, bit_width: int, shape: tuple[int, ...]) -> jax.Array:
    assert bit_width == 32
    counts = key[2] + jnp.arange(math.prod(shape), dtype="uint32")
    return _threefry.bits_at(key[:2], counts).reshape(shape)


# Its keys are those of threefry and the number of the first bits that are drawn.
_FROM_A_COUNT = jax_random.define_prng_impl(
    key_shape=(3,),
    seed=_THREEFRY.seed,
    split=_THREEFRY.split,
    fold_in=_THREEFRY.fold_in,
    random_bits=_bits_from_a_count,
    name="deepkit_threefry_from_a_count",
    tag="deepkit_fry_from",
)
