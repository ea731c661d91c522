"""BaseUpSampling: the base of layers that make sequences, images and volumes larger."""

from typing import Any

import jax.numpy as jnp

from deepkit.core import config
from deepkit.layers._arguments import check_tuple
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer
from deepkit.layers._spatial import Sizes, spatial_axes


class BaseUpSampling(Layer):
    """Base of layers that repeat each place; subclasses name their `rank`.

    Args:
        size: how often, along each spatial axis.
        data_format: where the channels are; the global setting if `None`.

    Raises:
        ArgumentError: `size` is no integer, or tuple of them, of at least 1.
    """

    rank: int

    def __init__(self, size: Sizes, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._factors = check_tuple("size", size, self.rank, self)
        self.size = self._factors[0] if self.rank == 1 else self._factors
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        for axis, factor in zip(spatial_axes(self.rank, self.data_format), self._factors):
            inputs = jnp.repeat(inputs, factor, axis=axis)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}
