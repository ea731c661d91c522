"""Masking: marks time steps that hold nothing."""

from typing import Any

import jax.numpy as jnp

from deepkit.layers._layer import Layer


class Masking(Layer):
    """Mark the time steps in which all features have a certain value; later layers skip them.

    Args:
        mask_value: the value.

    Input shape:
        `(batch, time, features)`.

    Output shape:
        The same; marked steps are 0.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array([[[1.0], [0.0]]])
        >>> deepkit.layers.Masking().compute_mask(x, None).tolist()
        [[True, False]]
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Which time steps are real."""
        return jnp.any(jnp.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        real = jnp.any(jnp.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return jnp.where(real, inputs, jnp.zeros((), inputs.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mask_value": self.mask_value}
