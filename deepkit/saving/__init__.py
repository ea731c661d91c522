"""Saving and loading.

Parts load when they are first used: to look into a file takes neither JAX nor a model.
"""

import importlib
from typing import Any

from ._errors import MissingFileError as MissingFileError

_HOMES = {
    "CustomObjectScope": "deepkit.core.registry",
    "FileReport": "deepkit.saving._inspector",
    "convert_file": "deepkit.saving._conversion._convert",
    "custom_object_scope": "deepkit.core.registry",
    "deserialize_keras_object": "deepkit.core.serialization",
    "get_custom_objects": "deepkit.core.registry",
    "get_registered_name": "deepkit.core.registry",
    "get_registered_object": "deepkit.core.registry",
    "inspect_file": "deepkit.saving._inspector",
    "load_model": "deepkit.saving._api",
    "load_weights": "deepkit.saving._api",
    "load_weights_from": "deepkit.saving._foreign._load",
    "register_keras_serializable": "deepkit.core.registry",
    "save_model": "deepkit.saving._api",
    "save_weights": "deepkit.saving._api",
    "serialize_keras_object": "deepkit.core.serialization",
}

__all__ = ["MissingFileError", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
