"""Maximum: the greatest of tensors."""

from typing import Any

import jax.numpy as jnp

from deepkit.layers._merge import Merge


class Maximum(Merge):
    """Take the greatest of a list of tensors element by element.

    Call arguments:
        inputs: a list of tensors.

    Raises:
        ArgumentError: the input is no list.
        ShapeError: sizes do not fit.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0, 4.0]]), deepkit.ops.array([[3.0, 2.0]])
        >>> deepkit.layers.Maximum()([a, b]).tolist()
        [[3.0, 4.0]]
    """

    def merge(self, inputs: list[Any]) -> Any:
        """The greatest."""
        greatest = inputs[0]
        for x in inputs[1:]:
            greatest = jnp.maximum(greatest, x)
        return greatest


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The `Maximum` layer as a function.

    Args:
        inputs: a list of tensors.
        **kwargs: arguments of the layer.
    """
    return Maximum(**kwargs)(inputs)
