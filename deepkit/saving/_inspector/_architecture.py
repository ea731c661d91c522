"""Reads configs of models as plain data: the table of layers, and how the model was compiled."""

from collections.abc import Iterator
from typing import Any

from deepkit.saving._inspector._report import LayerReport

# Arguments that tell the most about a layer, in the order in which they are shown.
_TELLING = (
    "units", "filters", "kernel_size", "strides", "padding", "dilation_rate", "groups",
    "depth_multiplier", "pool_size", "size", "input_dim", "output_dim", "num_heads", "key_dim",
    "target_shape", "dims", "axis", "rate", "activation", "return_sequences", "merge_mode",
)  # fmt: skip
_UNTOLD = (None, "linear", "valid", 1, [1, 1], [1], [1, 1, 1], False)
_COMPILE_ARGUMENTS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")


def layers_of(entry: dict[str, Any]) -> tuple[LayerReport, ...]:
    """The model that a config describes, and all layers in it."""
    return tuple(_visit(entry, 0))


def _visit(entry: dict[str, Any], depth: int) -> Iterator[LayerReport]:
    config = entry["config"] if isinstance(entry.get("config"), dict) else {}
    name = config.get("name", entry.get("name"))
    yield LayerReport(
        name=name if isinstance(name, str) else "?",
        class_name=str(entry.get("class_name")),
        depth=depth,
        shape=_shape(entry, config),
        settings={key: _short(config[key]) for key in _TELLING if _is_told(config, key)},
    )
    for value in config.values():
        for inner in value if isinstance(value, list) else [value]:
            if _is_layer(inner) or (value is config.get("layers") and isinstance(inner, dict)):
                yield from _visit(inner, depth + 1)


def _is_layer(value: Any) -> bool:
    """Whether a value in a config is a layer: others have no name or cannot be trained."""
    config = value.get("config") if isinstance(value, dict) and "class_name" in value else None
    return isinstance(config, dict) and "name" in config and "trainable" in config


def _is_told(config: dict[str, Any], key: str) -> bool:
    value = config.get(key)
    return not any(type(value) is type(usual) and value == usual for usual in _UNTOLD)


def _shape(entry: dict[str, Any], config: dict[str, Any]) -> Any:
    """The shape for which a layer was built, if the config says it."""
    built = entry.get("build_config")
    if not isinstance(built, dict):
        return config.get("batch_shape")
    if isinstance(built.get("shapes_dict"), dict):
        built = built["shapes_dict"]
    shapes = {key: value for key, value in built.items() if "shape" in key}
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes or None


def compiled_with(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `compile` in short, those that were given."""
    return {
        name: _short(arguments[name])
        for name in _COMPILE_ARGUMENTS
        if arguments.get(name) is not None
    }


def _short(value: Any) -> Any:
    """A value with names in the place of what it describes."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _short(item) for key, item in value.items()}
    config = value.get("config")
    if value["class_name"] in ("function", "class"):
        return str(config)
    if isinstance(config, dict) and "learning_rate" in config:
        return f"{value['class_name']} (learning_rate {_short(config['learning_rate'])})"
    return str(value["class_name"])
