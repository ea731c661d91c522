"""Activation: an activation function as a layer."""

from typing import Any

from deepkit import activations
from deepkit.layers._layer import Layer


class Activation(Layer):
    """Apply an activation function.

    Args:
        activation: a function or its name.

    Example:
        >>> import deepkit
        >>> deepkit.layers.Activation("relu")(deepkit.ops.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
