"""Objects to plain JSON-able dicts in Keras 3's form, and back.

A config is data: a class or function is looked up among the custom objects, the registry and
deepkit's own public modules, and nowhere else. No module that a config names is imported.
"""

import base64
import contextlib
import marshal
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from deepkit.core import registry
from deepkit.core.errors import (
    ArgumentTypeError,
    SerializationError,
    UnknownNameError,
    UnsafeFileError,
    suggest,
)

_PLAIN_TYPES = (str, int, float, bool, types.NoneType)
_MAX_DEPTH = 200


class _LoadContext(threading.local):
    def __init__(self) -> None:
        self.safe_mode: bool | None = None
        self.depth = 0


_CONTEXT = _LoadContext()
_UNSAFE_BY_DEFAULT = [False]


def enable_unsafe_deserialization() -> None:
    """Let configs with Python code load where `safe_mode` is not given.

    An explicit `safe_mode=True` still refuses them.
    """
    _UNSAFE_BY_DEFAULT[0] = True


def disable_unsafe_deserialization() -> None:
    """Undo `enable_unsafe_deserialization`."""
    _UNSAFE_BY_DEFAULT[0] = False


@contextlib.contextmanager
def load_scope(safe_mode: bool | None) -> Iterator[None]:
    """Fix whether code may be loaded, for all that is deserialized inside."""
    before = _CONTEXT.safe_mode
    if safe_mode is not None:
        _CONTEXT.safe_mode = bool(safe_mode)
    try:
        yield
    finally:
        _CONTEXT.safe_mode = before


def in_safe_mode() -> bool:
    """Whether code in a config is refused here: the load in progress decides, else the default."""
    if _CONTEXT.safe_mode is not None:
        return _CONTEXT.safe_mode
    return not _UNSAFE_BY_DEFAULT[0]


def serialize_keras_object(obj: Any) -> Any:
    """A plain, JSON-able form of an object.

    Args:
        obj: a layer, loss, metric … with `get_config`; a function; an array; or nested lists,
            tuples and dicts of these and of plain values.

    Returns:
        Plain values as they are; everything else as `{"module", "class_name", "config",
        "registered_name"}`, in the form that Keras 3 writes.

    Raises:
        SerializationError: the object has no such form.
    """
    if type(obj) in _PLAIN_TYPES:
        return obj
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, dict):
        return {_dict_key(key): serialize_keras_object(value) for key, value in obj.items()}
    if type(obj) in (list, tuple):
        return type(obj)(serialize_keras_object(value) for value in obj)
    special = _serialize_special(obj)
    if special is not None:
        return special
    if isinstance(obj, types.FunctionType | types.BuiltinFunctionType | type) or not hasattr(
        obj, "get_config"
    ):
        return _serialize_function(obj)
    return _serialize_instance(obj)


def _dict_key(key: Any) -> Any:
    if isinstance(key, str | int | float | bool):
        return key
    raise SerializationError(f"Expected keys of a dict to be text or numbers, received {key!r}.")


def _entry(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


def _serialize_special(obj: Any) -> dict[str, Any] | None:
    if hasattr(obj, "_serialize_self"):
        return obj._serialize_self()
    if isinstance(obj, list | tuple):
        return [serialize_keras_object(value) for value in obj]
    if isinstance(obj, bytes):
        return _entry("__bytes__", value=obj.decode("latin-1"))
    if isinstance(obj, slice):
        parts = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return _entry("__slice__", **{k: serialize_keras_object(v) for k, v in parts.items()})
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, np.dtype):
        return obj.name
    if isinstance(obj, np.ndarray):
        return _entry("__numpy__", value=obj.tolist(), dtype=obj.dtype.name)
    if hasattr(obj, "__jax_array__") or type(obj).__name__ in ("ArrayImpl",):
        array = np.asarray(obj)
        return _entry("__tensor__", value=array.tolist(), dtype=array.dtype.name)
    return None


def _serialize_function(obj: Any) -> dict[str, Any]:
    if isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>":
        return {
            "module": "builtins",
            "class_name": "__lambda__",
            "config": {"value": _pack_code(obj)},
            "registered_name": None,
        }
    name = getattr(obj, "__name__", None)
    if name is None:
        raise SerializationError(
            f"Cannot write {obj!r}: it is neither plain data nor an object with `get_config`. "
            f"Give it a `get_config(self)` method, or pass a value that JSON can hold."
        )
    kind = "class" if isinstance(obj, type) else "function"
    # Keras looks functions up by what stands in "config", its own ones too.
    return {
        "module": "builtins",
        "class_name": kind,
        "config": registry.get_registered_name(obj),
        "registered_name": kind,
    }


def _serialize_instance(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    public, name = registry.public_module(cls), cls.__name__
    if public is not None and hasattr(obj, "_serialized_class"):
        public, name = obj._serialized_class()
    entry = {
        "module": public if public is not None else cls.__module__,
        "class_name": name,
        "config": serialize_keras_object(obj.get_config()),
        "registered_name": None if public is not None else registry.get_registered_name(cls),
    }
    for part in ("build_config", "compile_config"):
        getter = getattr(obj, f"get_{part}", None)
        extra = getter() if getter is not None else None
        if extra is not None:
            entry[part] = serialize_keras_object(_tuples_to_lists(extra))
    return entry


def _tuples_to_lists(value: Any) -> Any:
    """Shapes are written as lists, as Keras reads them."""
    if isinstance(value, dict):
        return {key: _tuples_to_lists(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tuples_to_lists(item) for item in value]
    return value


def _pack_code(function: types.FunctionType) -> dict[str, Any]:
    closure = function.__closure__
    return {
        "code": base64.b64encode(marshal.dumps(function.__code__)).decode("ascii"),
        "defaults": serialize_keras_object(function.__defaults__),
        "closure": serialize_keras_object(
            None if closure is None else [cell.cell_contents for cell in closure]
        ),
    }


def _unpack_code(value: Any) -> types.FunctionType:
    if in_safe_mode():
        raise UnsafeFileError(
            "This config holds a lambda as Python bytecode, which could run anything on this "
            "machine. If you trust its source, load it with `safe_mode=False`; better, replace "
            "the lambda by a named function registered with `register_keras_serializable`."
        )
    if isinstance(value, dict):
        code, defaults, closure = value["code"], value.get("defaults"), value.get("closure")
    else:
        code, defaults, closure = value
    if isinstance(defaults, dict | list) and defaults:
        defaults = _deserialize(defaults)
    cells = None if closure is None else tuple(types.CellType(c) for c in _deserialize(closure))
    compiled = marshal.loads(base64.b64decode(code))
    return types.FunctionType(
        compiled, {"__builtins__": __builtins__}, "lambda", tuple(defaults or ()) or None, cells
    )


def deserialize_keras_object(
    config: Any,
    custom_objects: dict[str, Any] | None = None,
    safe_mode: bool | None = None,
    **kwargs: Any,
) -> Any:
    """The object that `serialize_keras_object` wrote, in deepkit's or in Keras's form.

    Args:
        config: what was serialized.
        custom_objects: names and the classes and functions that they mean; they win over the
            registry and over deepkit's own.
        safe_mode: whether code in the config is refused. `None`: as the load in progress, which
            is safe unless it was told otherwise.

    Raises:
        SerializationError: the config names something unknown; the message says how to register it.
        UnsafeFileError: the config holds code and `safe_mode` is on.
    """
    module_objects = kwargs.pop("module_objects", None)
    if kwargs:
        raise ArgumentTypeError(f"Unexpected arguments: {', '.join(kwargs)}.")
    if isinstance(config, str) and module_objects and config in module_objects:
        return module_objects[config]
    with load_scope(safe_mode), registry.optional_scope(custom_objects):
        return _deserialize(config)


def _deserialize(config: Any) -> Any:
    _CONTEXT.depth += 1
    try:
        if _CONTEXT.depth > _MAX_DEPTH:
            raise SerializationError(
                f"Expected a config nested at most {_MAX_DEPTH} levels deep, received a deeper one."
            )
        if isinstance(config, list | tuple):
            return [_deserialize(value) for value in config]
        if not isinstance(config, dict):
            return config
        if "class_name" not in config or "config" not in config:
            return {key: _deserialize(value) for key, value in config.items()}
        return _deserialize_entry(config)
    finally:
        _CONTEXT.depth -= 1


def _deserialize_entry(entry: dict[str, Any]) -> Any:
    class_name, config = entry["class_name"], entry["config"]
    if not isinstance(class_name, str):
        raise SerializationError(f"Expected `class_name` to be text, received {class_name!r}.")
    special = _SPECIAL_ENTRIES.get(class_name)
    if special is not None:
        return special(config)
    if class_name in ("function", "class"):
        return find_object(config, entry.get("module"), entry.get("registered_name"), class_name)
    cls = find_object(class_name, entry.get("module"), entry.get("registered_name"), "class")
    if not isinstance(cls, type):
        return cls
    return _make_instance(cls, entry)


def _make_instance(cls: type, entry: dict[str, Any]) -> Any:
    from_config = getattr(cls, "from_config", None)
    if from_config is None:
        raise SerializationError(
            f"{cls.__name__} has no `from_config`, so it cannot be made from a config."
        )
    config = entry["config"]
    try:
        instance = from_config(dict(config) if isinstance(config, dict) else config)
    except (TypeError, ValueError, KeyError) as error:
        error.add_note(
            f"While making {cls.__name__} "
            f"{config.get('name', '') if isinstance(config, dict) else ''} from its config. "
            f"If {cls.__name__} is your own class, `get_config` must return what its "
            f"constructor takes."
        )
        raise
    for part in ("build", "compile"):
        extra = entry.get(f"{part}_config")
        apply = getattr(instance, f"{part}_from_config", None)
        if extra and apply is not None and (part == "build" or not _skips_compile()):
            apply(_deserialize(extra) if part == "build" else extra)
    return instance


def _skips_compile() -> bool:
    return getattr(_CONTEXT, "skip_compile", False)


@contextlib.contextmanager
def without_compile(skip: bool = True) -> Iterator[None]:
    """Leave compile configs aside for the models that are deserialized inside."""
    before = _skips_compile()
    _CONTEXT.skip_compile = skip
    try:
        yield
    finally:
        _CONTEXT.skip_compile = before


def find_object(
    name: Any, module: Any = None, registered_name: Any = None, kind: str = "class"
) -> Any:
    """The class or function that a config names.

    Looked up among custom objects and the registry by registered name, then by plain name, then in
    deepkit's own public modules.

    Raises:
        SerializationError: it is none of these.
    """
    for candidate in (registered_name, name):
        if isinstance(candidate, str):
            found = registry.get_registered_object(candidate)
            if found is not None:
                return found
    if isinstance(name, str):
        modules = _public_modules(module)
        for public in modules:
            found = registry.provided(public, name)
            if found is not None:
                return found
    raise SerializationError(_unknown_message(name, registered_name, kind))


def _public_modules(module: Any) -> tuple[str, ...]:
    """Where to look for a built-in: in the module named; everywhere for configs of Keras 2."""
    everywhere = registry.provided_modules()
    if not isinstance(module, str) or module == "builtins":
        return everywhere
    if module.startswith("keras.src."):
        area = f"keras.{module.split('.')[2]}"
        return (module, area, "keras") if area in everywhere else everywhere
    return (module,) if module in everywhere else ()


def _unknown_message(name: Any, registered_name: Any, kind: str) -> str:
    known = [*registry.get_custom_objects(), *registry.scoped_custom_objects()]
    shown = str(name)[:100]
    return (
        f"Unknown {kind} {shown!r}. If it is yours, register it with "
        f"`@deepkit.saving.register_keras_serializable()` before loading, or pass "
        f"`custom_objects={{{shown!r}: {shown if shown.isidentifier() else '...'}}}`."
        f"{suggest(name, known)}"
    )


def _deserialize_slice(config: dict[str, Any]) -> slice:
    return slice(*(_deserialize(config[part]) for part in ("start", "stop", "step")))


def _deserialize_array(config: dict[str, Any]) -> np.ndarray:
    dtype = config.get("dtype", "float32")
    if not isinstance(dtype, str) or np.dtype(dtype).hasobject:
        raise UnsafeFileError(f"Expected an array of numbers in the config, received {dtype!r}.")
    return np.asarray(config["value"], dtype=dtype)


_SPECIAL_ENTRIES: dict[str, Callable[[Any], Any]] = {
    "__tuple__": lambda config: tuple(_deserialize(value) for value in config["value"]),
    "__bytes__": lambda config: config["value"].encode("latin-1"),
    "__slice__": _deserialize_slice,
    "__ellipsis__": lambda config: Ellipsis,
    "__numpy__": _deserialize_array,
    "__tensor__": _deserialize_array,
    "__lambda__": lambda config: _unpack_code(config["value"]),
}


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
        with registry.optional_scope(custom_objects):
            return _instance_of(deserialize_keras_object(identifier))
    if isinstance(identifier, str):
        found = registry.get_registered_object(identifier, custom_objects, objects)
        if found is None:
            known = {*objects, *registry.get_custom_objects(), *registry.scoped_custom_objects()}
            raise UnknownNameError(
                f"Unknown {kind} {identifier!r}.{suggest(identifier, known)} If it is your own, "
                f"pass the object itself, or register it with "
                f"`@deepkit.saving.register_keras_serializable()`."
            )
        return _instance_of(found)
    if callable(identifier):
        return _instance_of(identifier)
    raise ArgumentTypeError(
        f"Expected the name, config, instance or function of {_article(kind)} {kind}, "
        f"received {identifier!r} of type {type(identifier).__name__}."
    )


def _instance_of(found: Any) -> Any:
    return found() if isinstance(found, type) else found


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
