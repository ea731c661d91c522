"""The classes and functions that configs name."""

from typing import Any

from deepkit.core import registry
from deepkit.core.errors import ConfigError, suggest


def find_object(
    name: Any, module: Any = None, registered_name: Any = None, kind: str = "class"
) -> Any:
    """The class or function that a config names.

    Looked up among custom objects and the registry by registered name, then by plain name, then in
    deepkit's own public modules; last, as older versions of Keras leave the package out of what
    they write, in the registry whatever the package.

    Args:
        name: the name of the class or function.
        module: the module that the config names; only ever compared with those that are known.
        registered_name: the name under which it was registered.
        kind: `"class"` or `"function"`.

    Raises:
        ConfigError: it is none of these.
    """
    for candidate in (registered_name, name):
        if isinstance(candidate, str) and candidate not in ("function", "class"):
            found = registry.get_registered_object(candidate)
            if found is not None:
                return found
    if isinstance(name, str):
        for public in _public_modules(module):
            found = registry.provided(public, name)
            if found is not None:
                return found
        found = registry.registered_in_any_package(name)
        if found is not None:
            return found
    raise ConfigError(_unknown_message(name, kind))


def _public_modules(module: Any) -> tuple[str, ...]:
    """Where to look for a built-in: in the module named; everywhere for configs of Keras 2."""
    everywhere = registry.provided_modules()
    if not isinstance(module, str) or module == "builtins":
        return everywhere
    if module.startswith("keras.src."):
        area = f"keras.{module.split('.')[2]}"
        return (module, area, "keras") if area in everywhere else everywhere
    return (module,) if module in everywhere else ()


def _unknown_message(name: Any, kind: str) -> str:
    known = [*registry.get_custom_objects(), *registry.scoped_custom_objects()]
    shown = name[:100] if isinstance(name, str) else f"<{type(name).__name__}>"
    plain = shown.split(">")[-1]
    return (
        f"Unknown {kind} {shown!r}. If it is yours, register it with "
        f"`@deepkit.saving.register_keras_serializable()` before loading, or pass "
        f"`custom_objects={{{shown!r}: {plain if plain.isidentifier() else '...'}}}`."
        f"{suggest(name, known)}"
    )
