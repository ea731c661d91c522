"""Which library makes the constants of an op: one that computes them now, or in the program."""

from types import ModuleType

import jax.numpy as jnp
import numpy as np

_LARGE = 2**20


def maker_of(count: int) -> ModuleType:
    """NumPy for constants of few numbers, which become part of the program; JAX for large ones.

    So that drawing a model takes no memory, whatever sizes a file declares.

    Args:
        count: how many numbers there will be.
    """
    return np if count <= _LARGE else jnp
