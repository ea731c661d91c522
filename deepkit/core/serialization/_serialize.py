"""Objects to plain dicts."""

import types
from typing import Any

import jax
import numpy as np

from deepkit.core import dtypes, registry
from deepkit.core.errors import SerializationError

from . import _bytecode
from ._context import written_objects

_PLAIN_TYPES = (str, int, float, bool, types.NoneType)
_NOT_SEARCHED_BY_NAME = ("keras.ops", "keras.random")


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
    try:
        return _serialize(obj)
    except RecursionError as error:
        raise SerializationError(
            f"An object of type {type(obj).__name__} is nested too deep to be written, or "
            f"contains itself."
        ) from error


def _serialize(obj: Any) -> Any:
    if isinstance(obj, _PLAIN_TYPES) and not isinstance(obj, np.generic):
        return obj
    if isinstance(obj, dict):
        return {_dict_key(key): _serialize(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        values = [_serialize(value) for value in obj]
        return tuple(values) if isinstance(obj, tuple) else values
    if hasattr(obj, "_serialize_self"):
        return obj._serialize_self()
    if hasattr(obj, "get_config") and not isinstance(obj, type):
        return _serialize_instance(obj)
    return _serialize_value(obj)


def _dict_key(key: Any) -> Any:
    if isinstance(key, str | int | float | bool):
        return key
    raise SerializationError(f"Expected keys of a dict to be text or numbers, received {key!r}.")


def _entry(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


def _serialize_value(obj: Any) -> Any:
    if isinstance(obj, bytes):
        return _entry("__bytes__", value=obj.decode("utf-8", "surrogateescape"))
    if isinstance(obj, slice):
        parts = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return _entry("__slice__", **{name: _serialize(part) for name, part in parts.items()})
    if obj is Ellipsis:
        return _entry("__ellipsis__")
    if isinstance(obj, np.dtype) or _is_scalar_type(obj):
        return dtypes.standardize_dtype(obj)
    if isinstance(obj, np.generic | np.ndarray):
        return _serialize_array(obj, "__numpy__") if obj.ndim else obj.item()
    if isinstance(obj, jax.Array) or hasattr(obj, "__jax_array__"):
        return _serialize_array(np.asarray(obj), "__tensor__")
    return _serialize_function(obj)


def _is_scalar_type(obj: Any) -> bool:
    """Whether it is a class that stands for a dtype, such as `np.float32` and `jnp.float32`."""
    if isinstance(obj, type) and issubclass(obj, np.generic):
        return True
    return callable(obj) and isinstance(getattr(obj, "dtype", None), np.dtype)


def _serialize_array(array: np.ndarray, kind: str) -> dict[str, Any]:
    if array.dtype.kind == "c" or array.dtype.name not in dtypes.ALLOWED_DTYPES:
        raise SerializationError(
            f"Expected an array of real numbers to write, received one of dtype {array.dtype}."
        )
    return _entry(kind, value=array.tolist(), dtype=array.dtype.name)


def _serialize_function(obj: Any) -> dict[str, Any]:
    if isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>":
        return _serialize_lambda(obj)
    if getattr(obj, "__name__", None) is None:
        raise SerializationError(
            f"Cannot write {obj!r}: it is neither plain data nor an object with `get_config`. "
            f"Give it a `get_config(self)` method, or pass a value that JSON can hold."
        )
    kind = "class" if isinstance(obj, type) else "function"
    return {
        "module": _module_of_function(obj),
        "class_name": kind,
        "config": registry.get_registered_name(obj),
        "registered_name": kind,
    }


def _module_of_function(obj: Any) -> str:
    """The module to write: `"builtins"` for what Keras too finds by its name alone.

    Others keep their module, so that a namesake is not taken for them when they are read.
    """
    if registry.get_registered_name(obj) != obj.__name__:
        return "builtins"
    public = registry.public_module(obj)
    if public is None:
        return getattr(obj, "__module__", None) or "unknown"
    return public if public in _NOT_SEARCHED_BY_NAME else "builtins"


def _serialize_lambda(function: types.FunctionType) -> dict[str, Any]:
    packed = {part: _serialize(content) for part, content in _bytecode.pack(function).items()}
    # Keras's Lambda layer reads the parts by name, and everything else in Keras reads `value`.
    return _entry("__lambda__", **packed, value=list(packed.values()))


def _serialize_instance(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    module, name = registry.public_module(cls), cls.__name__
    built_in = module is not None
    if built_in and hasattr(obj, "_serialized_class"):
        module, name = obj._serialized_class()
    config = obj.get_config()
    if not isinstance(config, dict):
        raise SerializationError(
            f"Expected `get_config` of {name} to return a dict, it returned {config!r}."
        )
    entry = {
        "module": module if built_in else cls.__module__,
        "class_name": name,
        "config": _serialize(config),
        "registered_name": None if built_in else registry.get_registered_name(cls),
    }
    for part in ("build_config", "compile_config"):
        getter = getattr(obj, f"get_{part}", None)
        extra = getter() if getter is not None else None
        if extra is not None:
            entry[part] = _serialize(_tuples_to_lists(extra))
    _note_sharing(obj, entry)
    return entry


def _tuples_to_lists(value: Any) -> Any:
    """Shapes are written as lists, as Keras reads them."""
    if isinstance(value, dict):
        return {key: _tuples_to_lists(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tuples_to_lists(item) for item in value]
    return value


def _note_sharing(obj: Any, entry: dict[str, Any]) -> None:
    """Give all entries of one object a common number, from its second appearance on."""
    seen = written_objects()
    if seen is None:
        return
    # The object is kept, so that its identity is not given to another one meanwhile.
    number, _, entries = seen.setdefault(id(obj), (len(seen), obj, []))
    entries.append(entry)
    if len(entries) > 1:
        for shared in entries:
            shared["shared_object_id"] = number
