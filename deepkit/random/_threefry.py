"""Threefry on the host: the numbers of `jax.random` for small arrays, without a compiled program.

JAX compiles a program for each shape, which takes a tenth of a second on CPU; a new model has many
shapes. Source: Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

import jax
import numpy as np

from deepkit.tensors import suits_host

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_CHUNK = 2**14


def draws_on_host(key: jax.Array, size: int) -> bool:
    """Whether numbers for a key can and should be drawn here: now, and as `jax.random` would."""
    return (
        not isinstance(key, jax.core.Tracer)
        and key.shape == (2,)
        and jax.config.jax_threefry_partitionable
        and suits_host(size)
    )


def uniform(key: jax.Array, shape: tuple[int, ...], low: float, high: float) -> jax.Array:
    """What `jax.random.uniform` draws as float32, to one rounding.

    Args:
        key: a uint32 array of shape (2,).
        shape: of the result.
        low: the lowest value.
        high: the upper bound, not drawn itself.
    """
    words = np.asarray(key)
    size = int(np.prod(shape))
    floats = np.empty(size, "float32")
    for start in range(0, size, _CHUNK):  # in parts that fit into the cache
        bits = _bits(words, np.arange(start, min(start + _CHUNK, size), dtype="uint32"))
        # 23 random bits behind the point of a number from 1 to 2.
        floats[start : start + _CHUNK] = ((bits >> np.uint32(9)) | np.uint32(0x3F800000)).view(
            "float32"
        ) - np.float32(1)
    low, high = np.float32(low), np.float32(high)
    return jax.device_put(np.maximum(low, floats * (high - low) + low).reshape(shape))


def _bits(key: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """32 random bits for each count."""
    first, second = (int(word) for word in key)
    keys = (first, second, first ^ second ^ _PARITY)
    x, y = np.full_like(counts, first), counts + np.uint32(second)
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x += y
            y = (y << np.uint32(rotation)) | (y >> np.uint32(32 - rotation))
            y ^= x
        x += np.uint32(keys[(group + 1) % 3])
        y += np.uint32((keys[(group + 2) % 3] + group + 1) % 2**32)
    return x ^ y
