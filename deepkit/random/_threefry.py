"""Threefry: the numbers of `jax.random`, on the host and in programs for CPU.

On the host, for JAX compiles a program for each shape, which takes a tenth of a second on CPU, and
a new model has many shapes. Source: Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2,
3".
"""

import math

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.tensors import is_staging

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_CHUNK = 2**14
_PARTS = 4


def draws_now(key: jax.Array) -> bool:
    """Whether numbers for a key can be drawn at once, and `jax.random` would draw these."""
    return (
        not isinstance(key, jax.core.Tracer)
        and key.shape == (2,)
        and jax.config.jax_threefry_partitionable
        and not is_staging()
    )


def unit_floats(key: jax.Array, size: int) -> np.ndarray:
    """What `jax.random.uniform` draws as float32 from 0 to 1.

    Args:
        key: a uint32 array of shape (2,).
        size: how many.
    """
    words = np.asarray(key)
    floats = np.empty(size, "float32")
    for start in range(0, size, _CHUNK):  # in parts that fit into the cache
        bits = bits_at(words, np.arange(start, min(start + _CHUNK, size), dtype="uint32"))
        # 23 random bits behind the point of a number from 1 to 2.
        floats[start : start + _CHUNK] = ((bits >> np.uint32(9)) | np.uint32(0x3F800000)).view(
            "float32"
        ) - np.float32(1)
    return floats


def compiled_bits(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """What `jax.random.bits` draws as uint32, in a program.

    The rounds are written out; XLA fuses them to one pass. It runs in a loop over a few parts,
    because XLA would fuse the rounds with each reader too, and go through them for each of them.

    Args:
        key: a uint32 array of shape (2,).
        shape: of the result, of fewer than 2**32 numbers.
    """
    size = math.prod(shape)
    length = -(-size // _PARTS)

    def draw(part: jax.Array) -> jax.Array:
        return bits_at(key, part * np.uint32(length) + jnp.arange(length, dtype="uint32"))

    parts = jax.lax.map(draw, jnp.arange(_PARTS, dtype="uint32"))
    return parts.reshape(-1)[:size].reshape(shape)


def bits_at(key: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """32 random bits for each count: arrays of NumPy, or of JAX in a program."""
    first, second = key[:1], key[1:]
    keys = (first, second, first ^ second ^ np.uint32(_PARITY))
    x, y = first + counts * np.uint32(0), second + counts
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x += y
            y = (y << np.uint32(rotation)) | (y >> np.uint32(32 - rotation))
            y ^= x
        x += keys[(group + 1) % 3]
        y += keys[(group + 2) % 3] + np.uint32(group + 1)
    return x ^ y
