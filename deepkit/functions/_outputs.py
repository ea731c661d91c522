"""What a function returns: arrays that its program gives, in a structure that stays."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import tree
from deepkit.tensors import Variable, is_array


class _Place:
    """Stands where an array was returned.

    Args:
        index: its number among the arrays.
    """

    def __init__(self, index: int) -> None:
        self.index = index


class Outputs:
    """The structure of a result, taken apart into arrays.

    Numbers become arrays, and variables the values that they have then. What cannot be an array
    is returned in each call as it was while the function was traced.

    Args:
        result: the result.
    """

    def __init__(self, result: Any) -> None:
        self.arrays: list[Any] = []
        self._structure = _map(self._take, result)
        self._is_one_array = type(self._structure) is _Place

    def _take(self, leaf: Any) -> Any:
        if isinstance(leaf, Variable):
            leaf = leaf.value
        if not is_array(leaf):
            if not isinstance(leaf, (bool, int, float, complex, np.ndarray, np.generic)):
                return leaf
            leaf = jnp.asarray(leaf, jnp.result_type(leaf))
        self.arrays.append(leaf)
        return _Place(len(self.arrays) - 1)

    def forget_arrays(self) -> None:
        """Let go of the arrays, which may be tracers."""
        self.arrays = []

    def structured(self, arrays: Sequence[Any]) -> Any:
        """The result with other arrays."""
        if self._is_one_array:
            return arrays[0]
        return _map(
            lambda leaf: arrays[leaf.index] if type(leaf) is _Place else leaf, self._structure
        )


def _map(function: Callable[[Any], Any], structure: Any) -> Any:
    """Over the leaves; dicts keep their order, and structures that only JAX knows are kept too."""

    def of_leaf(leaf: Any) -> Any:
        if leaf is None or jax.tree.structure(leaf) == _LEAF or isinstance(leaf, Variable):
            return function(leaf)
        return jax.tree.map(function, leaf)

    return tree.map_structure(of_leaf, structure)


_LEAF = jax.tree.structure(0)
