"""Layers of older Keras, one by one."""

from collections.abc import Callable
from typing import Any

from ._arguments import modern_argument, modern_dtype
from ._entries import (
    built_in,
    is_built_in,
    is_entry,
    is_users_own,
    plain_name,
    refuse,
    without_harmless,
)
from ._replaced_layers import REPLACED
from ._tables import ANY_LAYER, CLASS_NAMES, GONE, RENAMED, UNKNOWN_LAYERS

_DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}
_INPUT_FLAGS = ("sparse", "ragged")


Entry = dict[str, Any]
# Translates the entry of a layer or model within another one.
Translate = Callable[[Entry], Entry]


def modern_layer(entry: Entry, modern: Translate) -> Entry:
    """The entry of a layer in today's form; nodes and other keys beside it stay.

    Args:
        entry: that of older Keras.
        modern: translates what is within it.

    Raises:
        SerializationError: it is of a class, or has an argument, that has no equal here.
    """
    older = entry["class_name"]
    if is_users_own(entry):
        return {**entry, "config": _of_users_layer(entry["config"], modern)}
    config = dict(entry["config"])
    if isinstance(config.get("name"), str):
        config["name"] = plain_name(config["name"])
    special = REPLACED.get(older)
    class_name, config = special(config) if special else (CLASS_NAMES.get(older, older), config)
    if class_name in UNKNOWN_LAYERS:
        refuse(
            "layer",
            older,
            config.get("name"),
            "is of a class that deepkit has no equal of. Give a class of your own as "
            f"`custom_objects={{{older!r}: ...}}`.",
        )
    if not is_built_in("layers", class_name):
        return {**entry, "config": _of_users_layer(config, modern)}
    if class_name == "InputLayer":
        config = _modern_input(config)
    else:
        config = _modern_arguments(class_name, older, config, modern)
    kept = {key: value for key, value in entry.items() if key != "build_config"}
    return {**kept, **built_in("layers", class_name, config)}


def _of_users_layer(config: Any, modern: Translate) -> Any:
    """The arguments of a layer of the user's own: only what no class of theirs can know."""
    if not isinstance(config, dict):
        return config
    kept = {k: _part(v, modern) for k, v in config.items() if k != "batch_input_shape"}
    return {**kept, "dtype": modern_dtype(kept["dtype"])} if "dtype" in kept else kept


def _part(value: Any, modern: Translate) -> Any:
    """What is a layer or a list of layers within an argument, in today's form."""
    if isinstance(value, list):
        return [_part(item, modern) for item in value]
    return modern(value) if is_entry(value) and _is_layer(value) else value


def _is_layer(entry: dict[str, Any]) -> bool:
    class_name, config = entry["class_name"], entry["config"]
    if isinstance(config, list) or "layers" in config:
        return class_name in ("Sequential", "Model", "Functional")
    known = is_built_in("layers", CLASS_NAMES.get(class_name, class_name))
    return (known or class_name in UNKNOWN_LAYERS) and "name" in config


def _modern_arguments(
    class_name: str, older: str, config: dict[str, Any], modern: Translate
) -> dict[str, Any]:
    renamed = RENAMED.get(class_name, {})
    config = {renamed.get(key, key): value for key, value in config.items()}
    gone = {**ANY_LAYER, **GONE.get(class_name, {})}
    config = without_harmless(config, gone, "layer", older)
    config = {key: modern_argument(key, _part(value, modern)) for key, value in config.items()}
    _merge_sizes(config)
    if config.get("data_format") in (*_DATA_FORMATS, "default"):
        config["data_format"] = _DATA_FORMATS.get(config["data_format"])
    finish = _FINISHED.get(class_name)
    if finish is not None:
        finish(config, older)
    return config


def _merge_sizes(config: dict[str, Any]) -> None:
    """The sides of a kernel, which Keras 1 kept apart."""
    sides = [config.pop(key) for key in _SIDES if key in config]
    if sides:
        config["kernel_size"] = sides


_SIDES = ("kernel_dim1", "kernel_dim2", "kernel_dim3", "nb_row", "nb_col")


def _modern_input(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an input; its shape may be under its older name."""
    result = {k: v for k, v in config.items() if k not in ("batch_input_shape", "input_dtype")}
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    if shape is not None:
        result["batch_shape"] = shape
    if "dtype" not in result and "input_dtype" in config:
        result["dtype"] = config["input_dtype"]
    result["dtype"] = modern_dtype(result.get("dtype", "float32"))
    return {**result, **{flag: bool(config.get(flag)) for flag in _INPUT_FLAGS}}


def input_of(config: dict[str, Any]) -> dict[str, Any] | None:
    """The input that older Keras made from an argument of the first layer of a chain."""
    shape = config.get("batch_input_shape")
    if shape is None:
        return None
    dtype = config.get("input_dtype", modern_dtype(config.get("dtype", "float32")))
    is_plain = isinstance(dtype, str) and not dtype.startswith("mixed")
    arguments = {
        "batch_shape": shape,
        "dtype": dtype if is_plain else "float32",
        "name": f"{config.get('name', 'sequential')}_input",
    }
    return built_in("layers", "InputLayer", arguments)


# Layers that need more than other names.


def _finish_lstm(config: dict[str, Any], older: str) -> None:
    first = config.pop("forget_bias_init", None)
    if first is not None:
        if first not in ("one", "ones", "zero", "zeros"):
            refuse("layer", older, config.get("name"), f"has forget_bias_init={first!r}.")
        config["unit_forget_bias"] = first.startswith("one")


def _finish_gru(config: dict[str, Any], older: str) -> None:
    # Before 2.1.3 there was no such argument, and no such way.
    config.setdefault("reset_after", False)


def _finish_batch_normalization(config: dict[str, Any], older: str) -> None:
    axis = config.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]


def _finish_separable(config: dict[str, Any], older: str) -> None:
    # Keras 1 had one initializer for both kernels.
    if older == "SeparableConvolution2D" and "pointwise_initializer" not in config:
        config["pointwise_initializer"] = config.get("depthwise_initializer", "glorot_uniform")


def _finish_padding(config: dict[str, Any], older: str) -> None:
    padding = config.get("padding")
    if isinstance(padding, dict):
        sides = [padding.get(f"{side}_pad", 0) for side in ("top", "bottom", "left", "right")]
        top, bottom, left, right = sides
        rank = 1 if older == "ZeroPadding1D" else 2
        config["padding"] = [left, right] if rank == 1 else [[top, bottom], [left, right]]
    elif older == "ZeroPadding2D" and isinstance(padding, list) and len(padding) == 4:
        config["padding"] = [padding[:2], padding[2:]]


_FINISHED: dict[str, Callable[[dict[str, Any], str], None]] = {
    "BatchNormalization": _finish_batch_normalization,
    "GRU": _finish_gru,
    "GRUCell": _finish_gru,
    "LSTM": _finish_lstm,
    "SeparableConv2D": _finish_separable,
    "ZeroPadding1D": _finish_padding,
    "ZeroPadding2D": _finish_padding,
}
