"""Permute: axes in another order."""

from typing import Any

import jax.numpy as jnp

from deepkit.core.errors import ArgumentError
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer


class Permute(Layer):
    """Put the axes after the batch into another order.

    Args:
        dims: the axes in their new order, counted from 1: `(2, 1)` swaps the first two.

    Input shape:
        `(batch, ...)`.

    Output shape:
        The same sizes in the new order.

    Raises:
        ArgumentError: `dims` is no order of 1 to n.

    Example:
        >>> import deepkit
        >>> deepkit.layers.Permute((2, 1))(deepkit.ops.ones((3, 8, 5))).shape
        (3, 5, 8)
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                f"Expected `dims` of the layer '{self.name}' to hold each of 1 to "
                f"{len(self.dims)} once, received {dims!r}."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return jnp.transpose(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "dims": self.dims}
