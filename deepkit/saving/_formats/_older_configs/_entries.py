"""Entries of configs: which are of older Keras, whose class it is, and how they are written."""

from collections.abc import Mapping
from typing import Any, NoReturn

from deepkit.core import registry
from deepkit.core.errors import SerializationError
from deepkit.saving._formats._model import is_older_version

_ENGINES = ("keras.engine.", "keras.src.engine.", "tf_keras.")
_TRACES = ("batch_input_shape", "is_legacy_optimizer")


def is_older(entry: Any) -> bool:
    """Whether Keras 1 or 2 wrote the entry of a model.

    Entries without a module are theirs. Since 2.12 they have modules too; then arguments tell that
    Keras 3 does not have.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        return False
    if not isinstance(entry.get("config"), dict | list):
        return False
    return "module" not in entry or _has_traces(entry)


def _has_traces(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_traces(item) for item in value)
    if not isinstance(value, dict):
        return False
    if str(value.get("module")).startswith(_ENGINES) or any(key in value for key in _TRACES):
        return True
    nodes = value.get("inbound_nodes")
    if isinstance(nodes, list) and any(isinstance(node, list) for node in nodes):
        return True
    return any(_has_traces(item) for item in value.values())


def is_of_today(version: Any) -> bool:
    """Whether a version of Keras is 3 or later, of whose `.h5` files nothing else tells."""
    return isinstance(version, str) and not is_older_version(version)


def entries_in(layers: list[Any]) -> list[dict[str, Any]]:
    """The layers of a model, each with a class and a config.

    Raises:
        TypeError: one has not.
    """
    for layer in layers:
        if not is_entry(layer):
            raise TypeError(f"expected a class and a config of each layer, received {layer!r:.100}")
    return layers


def is_entry(value: Any) -> bool:
    """Whether a value of a config describes an object."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_name"), str)
        and isinstance(value.get("config"), dict | list)
    )


def is_users_own(entry: Mapping[str, Any]) -> bool:
    """Whether an entry names a class that was registered, or is given as a custom object."""
    names = (entry.get("registered_name"), entry["class_name"])
    return any(isinstance(n, str) and registry.get_registered_object(n) is not None for n in names)


def is_of_library(area: str, value: Any) -> bool:
    """Whether a value describes an object of deepkit's, and not of a class of the user's."""
    return is_entry(value) and not is_users_own(value) and is_built_in(area, value["class_name"])


def is_built_in(area: str, class_name: str) -> bool:
    """Whether deepkit has a class or function of this name."""
    return registry.provided(f"keras.{area}", class_name) is not None


def plain_name(name: str) -> str:
    """A name of a layer without the slashes that are steps of paths today."""
    return name.replace("/", "_")


def built_in(area: str, class_name: str, config: Any) -> dict[str, Any]:
    """The entry of an object of deepkit's own."""
    module = f"keras.{area}"
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def refuse(kind: str, class_name: str, name: Any, reason: str) -> NoReturn:
    """Stop, as something in a config cannot be said in today's form.

    Raises:
        SerializationError: always.
    """
    named = f" {str(name)[:100]!r}" if name is not None else ""
    raise SerializationError(
        f"The {kind}{named} ({class_name[:100]}) in this config of older Keras {reason}"
    )


def without_harmless(
    config: Mapping[str, Any],
    harmless: Mapping[str, tuple[Any, ...] | None],
    kind: str,
    class_name: str,
) -> dict[str, Any]:
    """A config without the arguments that are gone.

    Args:
        config: the arguments.
        harmless: for each argument that is gone, the values that change no result; `None` for all.
        kind: what it is, for the message.
        class_name: its class, for the message.

    Raises:
        SerializationError: an argument that is gone has another value.
    """
    kept = {}
    for key, value in config.items():
        if key not in harmless:
            kept[key] = value
            continue
        values = harmless[key]
        if values is not None and not any(_is_same(value, other) for other in values):
            refuse(
                kind,
                class_name,
                config.get("name"),
                f"has {key}={value!r}, for which there is no equal here. Only "
                f"{' or '.join(map(repr, values))} can be read.",
            )
    return kept


def _is_same(value: Any, other: Any) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)
