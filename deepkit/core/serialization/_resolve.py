"""Names, configs, classes and functions to the object that is meant."""

from typing import Any

from deepkit.core import registry
from deepkit.core.errors import ArgumentTypeError, UnknownNameError, suggest

from ._deserialize import deserialize_keras_object


def resolve(
    identifier: Any,
    kind: str,
    objects: dict[str, Any],
    *,
    custom_objects: dict[str, Any] | None = None,
) -> Any:
    """What every `get(identifier)` is made of.

    Args:
        identifier: a name, a config, an instance, a function, or a class.
        kind: what is looked for, for messages: `"loss"`.
        objects: the built-in names and what they mean.
        custom_objects: names that win over all others.

    Returns:
        An instance (classes are called without arguments) or a function.

    Raises:
        UnknownNameError: no object has this name.
        ArgumentTypeError: `identifier` is of no usable type.
    """
    if isinstance(identifier, dict):
        return _instance_of(deserialize_keras_object(identifier, custom_objects))
    if isinstance(identifier, str):
        found = registry.get_registered_object(identifier, custom_objects, objects)
        if found is None:
            raise UnknownNameError(_unknown_message(identifier, kind, objects, custom_objects))
        return _instance_of(found)
    if callable(identifier):
        return _instance_of(identifier)
    raise ArgumentTypeError(
        f"Expected {_article(kind)} {kind} as a name, a config, an instance or a function, "
        f"received {identifier!r} of type {type(identifier).__name__}."
    )


def _unknown_message(
    name: str, kind: str, objects: dict[str, Any], custom_objects: dict[str, Any] | None
) -> str:
    known = {
        *objects,
        *(custom_objects or {}),
        *registry.get_custom_objects(),
        *registry.scoped_custom_objects(),
    }
    return (
        f"Unknown {kind} {name!r}.{suggest(name, known)} If it is your own, pass the object "
        f"itself, or register it with `@deepkit.saving.register_keras_serializable()`."
    )


def _instance_of(found: Any) -> Any:
    return found() if isinstance(found, type) else found


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
