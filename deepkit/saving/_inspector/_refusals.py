"""What loading would refuse: code in configs, and classes and functions that nobody knows."""

from collections.abc import Iterator
from typing import Any

from deepkit.core import registry
from deepkit.saving import _inspector
from deepkit.saving._plain_text import plain

_MOST = 100
_MOST_LETTERS = 400


def refusals_in(config: Any) -> tuple[str, ...]:
    """What loading a config would refuse; each class or function that is unknown, once.

    Args:
        config: plain data, in today's form.
    """
    found: list[str] = []
    judged: set[str] = set()
    for entry, owner in _entries(config, "the model"):
        identity = repr([_identity(entry), owner if _is_code(entry) else None])
        if identity in judged or len(found) >= _MOST:
            continue
        judged.add(identity)
        reason = _refused(entry)
        if reason is not None:
            found.append(f"{owner}: {reason}")
    return tuple(found)


def _entries(value: Any, owner: str) -> Iterator[tuple[dict[str, Any], str]]:
    """All that a config says to be made, with the layer to which it belongs."""
    if isinstance(value, list):
        for item in value:
            yield from _entries(item, owner)
    if isinstance(value, dict):
        if "class_name" in value and "config" in value:
            owner = _layer_name(value) or owner
            yield value, owner
        for item in value.values():
            yield from _entries(item, owner)


def _layer_name(entry: dict[str, Any]) -> str | None:
    config = entry["config"]
    name = config.get("name") if isinstance(config, dict) and "trainable" in config else None
    return f"'{plain(name)}'" if isinstance(name, str) else None


def _identity(entry: dict[str, Any]) -> tuple[Any, ...]:
    """The name of a class or function, and what else tells where it is found."""
    kind, name = "class", entry["class_name"]
    if name in ("function", "class"):
        kind, name = name, entry["config"]
    return name, entry.get("module"), entry.get("registered_name"), kind


def _refused(entry: dict[str, Any]) -> str | None:
    """Why an entry would not be loaded; `None` if it would."""
    class_name = entry["class_name"]
    if not isinstance(class_name, str):
        return f"Expected `class_name` to be text, received {plain(class_name)}."
    if _is_code(entry):
        return (
            "It holds a lambda as Python bytecode, which could run anything on the machine that "
            "loads it. Ask for a file with a named function instead."
        )
    if class_name in registry.SPECIAL_NAMES or _is_surely_known(class_name, entry.get("module")):
        return None
    reason = _inspector.why_unknown(*_identity(entry))
    return None if reason is None else plain(reason, most=_MOST_LETTERS)


def _is_surely_known(class_name: str, module: Any) -> bool:
    """Whether a class is one of deepkit's, as far as can be told without loading them all."""
    modules = (module,) if isinstance(module, str) else registry.provided_modules()
    return any(registry.is_surely_provided(public, class_name) for public in modules)


def _is_code(entry: dict[str, Any]) -> bool:
    class_name, config = entry["class_name"], entry["config"]
    if class_name == "__lambda__":
        return True
    if class_name != "Lambda" or not isinstance(config, dict):
        return False
    return config.get("function_type") == "lambda" or isinstance(config.get("function"), list)
