"""BaseZeroPadding: the base of layers that add borders of zeros."""

from typing import Any

import jax.numpy as jnp

from deepkit.core import config
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer
from deepkit.layers._spatial import Pairs, check_pairs, spatial_axes


class BaseZeroPadding(Layer):
    """Base of layers that add borders of zeros; subclasses name their `rank`.

    Args:
        padding: how many zeros to add, before and after, along each spatial axis.
        data_format: where the channels are; the global setting if `None`.

    Raises:
        ArgumentError: `padding` has the wrong form.
    """

    rank: int

    def __init__(self, padding: Pairs, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._pairs = check_pairs("padding", padding, self.rank, self)
        self.padding = self._pairs[0] if self.rank == 1 else self._pairs
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        widths = [(0, 0)] * inputs.ndim
        for axis, pair in zip(spatial_axes(self.rank, self.data_format), self._pairs):
            widths[axis] = pair
        return jnp.pad(inputs, widths)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "padding": self.padding,
            "data_format": self.data_format,
        }
