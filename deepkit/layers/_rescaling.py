"""Rescaling: a factor and an offset."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.layers._layer import Layer


class Rescaling(Layer):
    """`inputs * scale + offset`, in training and outside of it.

    Args:
        scale: a number, or one for each channel (the last axis).
        offset: likewise.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Rescaling(1 / 255)
        >>> layer(deepkit.ops.array([0, 255])).tolist()
        [0.0, 1.0]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        dtype = self.compute_dtype
        scale = jnp.asarray(np.asarray(self.scale), dtype)
        offset = jnp.asarray(np.asarray(self.offset), dtype)
        return inputs.astype(dtype) * scale + offset

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "scale": serialize_keras_object(self.scale),
            "offset": serialize_keras_object(self.offset),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Rescaling":
        """A layer from what `get_config` returned."""
        return cls(**{key: deserialize_keras_object(value) for key, value in config.items()})
