"""Reshape: other sizes, the same elements."""

from typing import Any

import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.layers._layer import Layer


class Reshape(Layer):
    """Give the axes after the batch other sizes.

    Args:
        target_shape: the sizes without the batch; one may be -1, which takes what is left.

    Input shape:
        `(batch, ...)`.

    Output shape:
        `(batch, *target_shape)`.

    Raises:
        ArgumentError: sizes are no integers, or more than one is -1.

    Example:
        >>> import deepkit
        >>> deepkit.layers.Reshape((-1, 2))(deepkit.ops.ones((3, 8))).shape
        (3, 4, 2)
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if any(not isinstance(size, int) or size < -1 for size in sizes) or sizes.count(-1) > 1:
            raise ArgumentError(
                f"Expected `target_shape` of the layer '{self.name}' to be integers, of which one "
                f"may be -1, received {target_shape!r}."
            )
        self.target_shape = sizes

    def call(self, inputs: Any) -> Any:
        return jnp.reshape(inputs, (inputs.shape[0], *self.target_shape))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "target_shape": self.target_shape}
