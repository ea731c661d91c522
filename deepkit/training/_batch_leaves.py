"""The arrays of data as JAX sees them: the leaves of a batch, in its order."""

from collections.abc import Callable, Sequence
from typing import Any

import jax


def leaves_and_tree(
    arrays: Sequence[Any], unflatten: Callable[[Sequence[Any]], Any]
) -> tuple[list[Any], Any]:
    """The arrays in the order of JAX's leaves, and the tree of a batch.

    Args:
        arrays: one for each part of a batch.
        unflatten: makes a batch out of one value for each of them.
    """
    order, structure = jax.tree.flatten(unflatten(range(len(arrays))))
    return [arrays[place] for place in order], structure
