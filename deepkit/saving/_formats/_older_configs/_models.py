"""Models of older Keras: chains, drawings and what is called in them."""

import re
from typing import Any

from ._entries import entries_in, is_of_today, is_older, is_users_own, refuse
from ._layers import input_of, modern_layer
from ._nodes import modern_drawing
from ._training import modern_compile_config

_DRAWN = ("Model", "Functional")
# Versions of Keras that were no part of TensorFlow, which wrote "2.3.0-tf", or 2.4 and later.
_STANDS_ALONE = re.compile(r"(1|2\.[0-3])\.\d+")


def modern_config(entry: dict[str, Any], version: str | None = None) -> dict[str, Any]:
    """The config of a model or layer, as Keras 3 writes it.

    Args:
        entry: `{"class_name": …, "config": …}`; one that Keras 3 wrote stays as it is.
        version: the version of Keras that the file names; if `None`, the one in the entry.

    Raises:
        SerializationError: it has a class, an argument or an operation that has no equal here.
    """
    version = version or (entry.get("keras_version") if isinstance(entry, dict) else None)
    if is_of_today(version) or not is_older(entry):
        return entry
    if isinstance(version, str) and _STANDS_ALONE.fullmatch(version):
        _check_resizing(entry)
    return _modern_entry(entry)


def _check_resizing(value: Any) -> None:
    """Refuse images that are resized as Keras alone resized them: no way of today is the same.

    Raises:
        SerializationError: there is a layer that does.
    """
    if isinstance(value, dict):
        config = value.get("config")
        is_resizing = value.get("class_name") == "UpSampling2D" and isinstance(config, dict)
        if is_resizing and config.get("interpolation", "nearest") != "nearest":
            refuse(
                "layer",
                "UpSampling2D",
                config.get("name"),
                f"has interpolation={config['interpolation']!r}, which Keras 2.2 and 2.3 computed "
                f"with other pixel centers than any layer of today does.",
            )
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_resizing(item)


def _modern_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """A model, or a layer in one."""
    config = entry["config"]
    if isinstance(config, list):
        # Within another model, the name of a chain stood beside the list of its layers.
        named = {"name": entry["name"]} if isinstance(entry.get("name"), str) else {}
        config = {**named, "layers": config}
    if not isinstance(config.get("layers"), list) or entry["class_name"] == "Merge":
        return modern_layer({**entry, "config": config}, _modern_entry)
    entry = {key: value for key, value in entry.items() if key != "build_config"}
    if isinstance(entry.get("compile_config"), dict):
        entry["compile_config"] = modern_compile_config(entry["compile_config"])
    if "input_layers" in config:
        return _modern_drawn(entry, config)
    return _as_built_in(entry, "Sequential", _modern_chain(config))


def _modern_drawn(entry: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    config = modern_drawing(config, _modern_entry)
    if entry["class_name"] in _DRAWN or entry["class_name"] == "Sequential":
        return _as_built_in(entry, "Functional", config)
    return {**entry, "config": config}


def _as_built_in(entry: dict[str, Any], class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    if entry["class_name"] not in (*_DRAWN, "Sequential") or is_users_own(entry):
        return {**entry, "config": config}
    module = "keras.src.models.functional" if class_name == "Functional" else "keras"
    named = {"module": module, "class_name": class_name, "registered_name": None}
    return {**entry, **named, "config": config}


def _modern_chain(config: dict[str, Any]) -> dict[str, Any]:
    layers = entries_in(config["layers"])
    modern = [_modern_entry(layer) for layer in layers]
    first = layers[0]["config"] if layers else {}
    given = input_of(first) if isinstance(first, dict) else None
    if given is not None and layers[0]["class_name"] != "InputLayer":
        modern = [given, *modern]
    return {**config, "layers": modern}
