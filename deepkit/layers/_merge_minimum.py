"""Minimum: the least of tensors."""

from typing import Any

import jax.numpy as jnp

from deepkit.layers._merge import Merge


class Minimum(Merge):
    """Take the least of a list of tensors element by element.

    Call arguments:
        inputs: a list of tensors.

    Raises:
        ArgumentError: the input is no list.
        ShapeError: sizes do not fit.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0, 4.0]]), deepkit.ops.array([[3.0, 2.0]])
        >>> deepkit.layers.Minimum()([a, b]).tolist()
        [[1.0, 2.0]]
    """

    def merge(self, inputs: list[Any]) -> Any:
        """The least."""
        least = inputs[0]
        for x in inputs[1:]:
            least = jnp.minimum(least, x)
        return least


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The `Minimum` layer as a function.

    Args:
        inputs: a list of tensors.
        **kwargs: arguments of the layer.
    """
    return Minimum(**kwargs)(inputs)
