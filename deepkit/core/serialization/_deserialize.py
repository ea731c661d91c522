"""Plain dicts to the objects that they describe."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, registry
from deepkit.core.errors import ArgumentTypeError, ConfigError, UnsafeFileError

from . import _bytecode
from ._context import count_entry, load_scope, made_objects, making_scope, skips_compile
from ._find import find_object
from ._refusals import refusing


def deserialize_keras_object(
    config: Any,
    custom_objects: dict[str, Any] | None = None,
    safe_mode: bool | None = None,
    **kwargs: Any,
) -> Any:
    """The object that `serialize_keras_object` wrote, in deepkit's or in Keras's form.

    Args:
        config: what was serialized; a name alone is returned unless it is a custom object's.
        custom_objects: names and the classes and functions that they mean; they win over the
            registry and over deepkit's own.
        safe_mode: whether code in the config is refused. `None`: as the load in progress, which
            is safe unless it was told otherwise.

    Raises:
        ConfigError: the config names something unknown (the message says how to register it), or
            describes something that cannot be made.
        UnsafeFileError: the config holds code and `safe_mode` is on.
    """
    module_objects = kwargs.pop("module_objects", None)
    if kwargs:
        raise ArgumentTypeError(f"Unexpected arguments: {', '.join(kwargs)}.")
    if isinstance(config, str):
        return {**(module_objects or {}), **(custom_objects or {})}.get(config, config)
    with load_scope(safe_mode), registry.optional_scope(custom_objects), making_scope():
        try:
            return _deserialize(config)
        except RecursionError as error:
            raise ConfigError("The config is nested too deep to be read.") from error


def _deserialize(config: Any) -> Any:
    if isinstance(config, list | tuple):
        return [_deserialize(value) for value in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _deserialize(value) for key, value in config.items()}
    return _deserialize_entry(config)


def _deserialize_entry(entry: dict[str, Any]) -> Any:
    class_name, config = entry["class_name"], entry["config"]
    if not isinstance(class_name, str):
        raise ConfigError(
            f"Expected `class_name` to be text, received {type(class_name).__name__}."
        )
    count_entry()
    special = _SPECIAL_ENTRIES.get(class_name)
    if special is not None:
        return _read_special(special, class_name, config)
    if class_name in ("function", "class"):
        return find_object(config, entry.get("module"), entry.get("registered_name"), class_name)
    number = entry.get("shared_object_id")
    if isinstance(number, int) and number in made_objects():
        return made_objects()[number]
    cls = find_object(class_name, entry.get("module"), entry.get("registered_name"), "class")
    made = _make_instance(cls, entry) if isinstance(cls, type) else cls
    if isinstance(number, int):
        made_objects()[number] = made
    return made


def _make_instance(cls: type, entry: dict[str, Any]) -> Any:
    from_config = getattr(cls, "from_config", None)
    if from_config is None:
        raise ConfigError(
            f"{cls.__name__} has no `from_config`, so it cannot be made from a config."
        )
    config = {} if entry["config"] is None else entry["config"]
    if not isinstance(config, dict):
        raise ConfigError(
            f"Expected the config of {cls.__name__} to be a dict, received one of type "
            f"{type(config).__name__}."
        )
    with refusing(_note(cls, config)):
        instance = from_config(dict(config))
        _apply(instance, "build_from_config", _deserialize(entry.get("build_config")))
        if not skips_compile():
            _apply(instance, "compile_from_config", entry.get("compile_config"))
    return instance


def _note(cls: type, config: dict[str, Any]) -> str:
    named = f" {str(config['name'])[:100]!r}" if "name" in config else ""
    note = f"While making the {cls.__name__}{named} from its config."
    if registry.public_module(cls) is None:
        note += f" `get_config` of {cls.__name__} must return what its constructor takes."
    return note


def _apply(instance: Any, method: str, config: Any) -> None:
    if config and hasattr(instance, method):
        getattr(instance, method)(config)


def _read_special(read: Callable[[Any], Any], class_name: str, config: Any) -> Any:
    try:
        return read(config)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"The config of {class_name} is not as it should be: {type(error).__name__}: {error}."
        ) from error


def _read_slice(config: dict[str, Any]) -> slice:
    return slice(*(_deserialize(config[part]) for part in ("start", "stop", "step")))


def _read_array(config: dict[str, Any]) -> np.ndarray:
    dtype = config.get("dtype", "float32")
    # Text has sizes of its own choice, and objects are code.
    if dtype not in dtypes.ALLOWED_DTYPES or dtype == "string":
        raise UnsafeFileError(f"Expected an array of numbers in the config, received {dtype!r}.")
    try:
        return np.asarray(config["value"], dtype=dtype)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"The array in the config cannot be read: {error}.") from error


def _read_tensor(config: dict[str, Any]) -> jax.Array:
    array = _read_array(config)
    return jnp.asarray(array.astype(dtypes.canonicalize_dtype(array.dtype)))


def _read_lambda(config: dict[str, Any]) -> Any:
    _bytecode.refuse_in_safe_mode()
    parts = [config[part] for part in ("code", "defaults", "closure")] if "code" in config else None
    code, defaults, closure = parts or config["value"]
    return _bytecode.unpack(code, _deserialize(defaults), _deserialize(closure))


_SPECIAL_ENTRIES: dict[str, Callable[[Any], Any]] = {
    "__tuple__": lambda config: tuple(_deserialize(value) for value in config["value"]),
    "__bytes__": lambda config: config["value"].encode("utf-8", "surrogateescape"),
    "__slice__": _read_slice,
    "__ellipsis__": lambda config: Ellipsis,
    "__numpy__": _read_array,
    "__tensor__": _read_tensor,
    "__lambda__": _read_lambda,
}
