"""Saving and loading."""

from deepkit.core.registry import CustomObjectScope as CustomObjectScope
from deepkit.core.registry import custom_object_scope as custom_object_scope
from deepkit.core.registry import get_custom_objects as get_custom_objects
from deepkit.core.registry import get_registered_name as get_registered_name
from deepkit.core.registry import get_registered_object as get_registered_object
from deepkit.core.registry import register_keras_serializable as register_keras_serializable
from deepkit.core.serialization import deserialize_keras_object as deserialize_keras_object
from deepkit.core.serialization import serialize_keras_object as serialize_keras_object

from ._api import load_model as load_model
from ._api import load_weights as load_weights
from ._api import save_model as save_model
from ._api import save_weights as save_weights
from ._errors import MissingFileError as MissingFileError
