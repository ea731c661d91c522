"""Wrapper: a layer around another one."""

from typing import Any

from deepkit.core.errors import ArgumentTypeError
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.layers._layer import Layer


class Wrapper(Layer):
    """Base of layers that hold another layer and change how it is called.

    Args:
        layer: the layer.

    Raises:
        ArgumentTypeError: `layer` is no layer.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ArgumentTypeError(
                f"Expected `layer` of the layer '{self.name}' ({type(self).__name__}) to be a "
                f"layer, received {layer!r} of type {type(layer).__name__}."
            )
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Wrapper":
        """A layer from what `get_config` returned."""
        inner = deserialize_keras_object(config["layer"], custom_objects=custom_objects)
        return cls(inner, **{key: value for key, value in config.items() if key != "layer"})
