"""Models from JSON."""

from typing import Any

from deepkit.core import registry
from deepkit.core.errors import ArgumentTypeError, ConfigError
from deepkit.core.serialization import deserialize_keras_object, refusing
from deepkit.models._model import Model
from deepkit.saving._formats._older_configs import modern_config
from deepkit.saving._json import read_json


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Model:
    """A model from what `Model.to_json` returned, here or in Keras, with new weights.

    Args:
        json_string: the JSON text.
        custom_objects: names in the text and the classes and functions that they mean.

    Raises:
        ArgumentTypeError: `json_string` is no text.
        CorruptFileError: it is no JSON, too large, or nested too deep.
        ConfigError: it describes no model, or names something unknown.

    Example:
        >>> import deepkit
        >>> model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
        >>> deepkit.models.model_from_json(model.to_json()).output_shape
        (None, 2)
    """
    if not isinstance(json_string, str):
        raise ArgumentTypeError(
            f"Expected `json_string` to be text, received {type(json_string).__name__}."
        )
    config = read_json(json_string, "The config", "json_string")
    made = None
    if isinstance(config, dict):
        with refusing("While reading `json_string`."):
            with registry.optional_scope(custom_objects):
                config = modern_config(config)
            made = deserialize_keras_object(config, custom_objects)
    if not isinstance(made, Model):
        raise ConfigError(
            f"Expected `json_string` to describe a model, received a description of "
            f"{type(made if made is not None else config).__name__}."
        )
    return made
