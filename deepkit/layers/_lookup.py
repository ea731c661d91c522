"""Layers to configs and back."""

from typing import Any

from deepkit.core.errors import ConfigError
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.layers._layer import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """The config of a layer, in Keras's form.

    Args:
        layer: the layer.
    """
    return serialize_keras_object(layer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Layer:
    """The layer of a config.

    Args:
        config: what `serialize` returned, or what Keras wrote.
        custom_objects: names and the classes and functions that they mean.

    Raises:
        ConfigError: the config is that of something else.
    """
    made = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(made, Layer):
        raise ConfigError(
            f"Expected the config of a layer, received that of a {type(made).__name__}."
        )
    return made
