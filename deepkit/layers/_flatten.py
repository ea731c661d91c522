"""Flatten: all axes but the batch into one."""

import math
from typing import Any

import jax.numpy as jnp

from deepkit.core import config
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer


class Flatten(Layer):
    """Put all axes but the batch into one.

    Args:
        data_format: `"channels_first"` moves the channels to the end first, so that the order of
            the features is that of `"channels_last"`.

    Input shape:
        `(batch, ...)`.

    Output shape:
        `(batch, product of the rest)`.

    Example:
        >>> import deepkit
        >>> deepkit.layers.Flatten()(deepkit.ops.ones((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = jnp.moveaxis(inputs, 1, -1)
        return jnp.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}
