"""The registry: names under which classes and functions are written to files and found again."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from deepkit.core.errors import ArgumentError

_CUSTOM_OBJECTS: dict[str, Any] = {}
_REGISTERED_NAMES: dict[Any, str] = {}
_PROVIDERS: dict[str, Callable[[str], Any]] = {}
_GLANCES: dict[str, Callable[[str], bool]] = {}

# What stands for a class in entries of configs that describe values of Python and NumPy.
SPECIAL_NAMES = frozenset(
    f"__{name}__"
    for name in ("bytes", "ellipsis", "keras_tensor", "lambda", "numpy", "slice", "tensor", "tuple")
)


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.stack: list[dict[str, Any]] = []


_SCOPES = _Scopes()


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """Register a class or function, so that files and configs that name it can be loaded.

    Args:
        package: the part before `>` in the registered name; keeps names of projects apart.
        name: the part after it; the object's own name if `None`.

    Raises:
        ArgumentError: a class is registered that has no `get_config`.

    Example:
        >>> import deepkit
        >>> @deepkit.saving.register_keras_serializable(package="my_package")
        ... def double(x):
        ...     return 2 * x
        >>> deepkit.saving.get_registered_name(double)
        'my_package>double'
    """

    def register(obj: Any) -> Any:
        if isinstance(obj, type) and not hasattr(obj, "get_config"):
            raise ArgumentError(
                f"Expected a class with `get_config`, received {obj.__name__}. Define "
                f"`get_config(self)` that returns the constructor's arguments as a dict."
            )
        registered_name = f"{package}>{name if name is not None else obj.__name__}"
        _CUSTOM_OBJECTS[registered_name] = obj
        _REGISTERED_NAMES[obj] = registered_name
        return obj

    return register


def get_registered_name(obj: Any) -> str:
    """The registered name of a class or function, or its own name."""
    try:
        return _REGISTERED_NAMES[obj]
    except (KeyError, TypeError):
        return obj.__name__


def get_registered_object(
    name: str,
    custom_objects: dict[str, Any] | None = None,
    module_objects: dict[str, Any] | None = None,
) -> Any:
    """The class or function of a registered name, or `None`.

    Args:
        name: a registered name (`"package>Name"`), or a plain one.
        custom_objects: searched first.
        module_objects: searched last.
    """
    for objects in (custom_objects or {}, *reversed(_SCOPES.stack), _CUSTOM_OBJECTS):
        if name in objects:
            return objects[name]
    return (module_objects or {}).get(name)


def get_custom_objects() -> dict[str, Any]:
    """The global dict of custom objects; what is put into it is found when loading."""
    return _CUSTOM_OBJECTS


def scoped_custom_objects() -> dict[str, Any]:
    """What the open `custom_object_scope`s of this thread hold; inner ones win."""
    merged: dict[str, Any] = {}
    for objects in _SCOPES.stack:
        merged.update(objects)
    return merged


def registered_in_any_package(name: str) -> Any:
    """The only object registered as `"<any package>>name"`, or `None`."""
    known = {**_CUSTOM_OBJECTS, **scoped_custom_objects()}
    found = [obj for registered, obj in known.items() if registered.endswith(f">{name}")]
    return found[0] if len(found) == 1 else None


class CustomObjectScope:
    """Make custom objects known inside a `with` block.

    Args:
        custom_objects: names and the classes or functions that they mean.

    Example:
        >>> import deepkit
        >>> def cube(x):
        ...     return x**3
        >>> with deepkit.saving.custom_object_scope({"cube": cube}):
        ...     layer = deepkit.layers.Dense(2, activation="cube")
    """

    def __init__(self, custom_objects: dict[str, Any]) -> None:
        if custom_objects is not None and not isinstance(custom_objects, dict):
            raise ArgumentError(
                f"Expected `custom_objects` to be a dict of names and objects, "
                f"received {custom_objects!r}."
            )
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> "CustomObjectScope":
        _SCOPES.stack.append(self.custom_objects)
        return self

    def __exit__(self, *error: object) -> None:
        _SCOPES.stack.pop()


custom_object_scope = CustomObjectScope


@contextlib.contextmanager
def optional_scope(custom_objects: dict[str, Any] | None) -> Iterator[None]:
    """A custom object scope where there is something to put into it."""
    if not custom_objects:
        yield
        return
    with CustomObjectScope(custom_objects):
        yield


def provide(
    module: str, lookup: Callable[[str], Any], glance: Callable[[str], bool] = lambda name: False
) -> None:
    """Tell where the built-in objects of a public module (`"keras.layers"`) are found.

    Files can name only what is provided here, registered, or given as a custom object.

    Args:
        module: the module.
        lookup: takes a name and returns the object, or `None`.
        glance: takes a name and says, without loading anything, whether there surely is an object.
    """
    _PROVIDERS[module] = lookup
    _GLANCES[module] = glance


def is_surely_provided(module: str, name: str) -> bool:
    """Whether a public module has an object, as far as can be told without loading it."""
    glance = _GLANCES.get(module)
    return glance is not None and glance(name)


def provided(module: str, name: str) -> Any:
    """The built-in object of a name in a public module, or `None`."""
    lookup = _PROVIDERS.get(module)
    return lookup(name) if lookup is not None else None


def provided_modules() -> tuple[str, ...]:
    """The public modules that files may name."""
    return tuple(_PROVIDERS)


def public_module(obj: Any) -> str | None:
    """The module under which Keras exports a built-in class or function; `None` for others.

    `deepkit.layers._dense.Dense` is `keras.layers`; a class says otherwise by `_serialized_module`.
    """
    own = getattr(obj, "__dict__", {}).get("_serialized_module")
    if own is not None:
        return own
    parts = (getattr(obj, "__module__", None) or "").split(".")
    if parts[0] != "deepkit":
        return None
    public = []
    for part in parts[1:]:
        if part.startswith("_"):
            break
        public.append(part)
    return ".".join(("keras", *public))
