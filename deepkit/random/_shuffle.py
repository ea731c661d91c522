"""Shuffling along an axis."""

from typing import Any

import jax

from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._keys import draw_key


@operation
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> jax.Array:
    """Shuffle a tensor along an axis, every slice with a permutation of its own.

    The columns of a matrix shuffled along axis 0 do not stay together. To move whole rows, index
    with shuffled row numbers: `x[shuffle(jnp.arange(len(x)))]`.

    Args:
        x: a tensor of rank 1 or more.
        axis: the axis along which entries change places.
        seed: an integer (the same order every time), a `SeedGenerator` (a new one every time),
            a key of JAX, or `None` for the global generator.

    Raises:
        ShapeError: `x` has no such axis.

    Example:
        >>> import deepkit
        >>> sorted(deepkit.random.shuffle([3, 1, 2], seed=1).tolist())
        [1, 2, 3]
    """
    x = as_array(x)
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"Expected `axis` to be an axis of shape {x.shape}, received {axis}.")
    return jax.random.permutation(draw_key(seed), x, axis, independent=True)
