"""Loss scales of older Keras: those that find their own size, and those that never change."""

from collections.abc import Callable
from typing import Any

from ._entries import built_in, is_entry, is_users_own, refuse

LOSS_SCALES = ("LossScaleOptimizer", "LossScaleOptimizerV1", "LossScaleOptimizerV3")
# Up to TensorFlow 2.3 the scale was an object.
_NAMES_IN_OBJECTS = {
    "initial_loss_scale": "initial_scale",
    "loss_scale_value": "initial_scale",
    "increment_period": "dynamic_growth_steps",
}
_MULTIPLIER = 2


def modern_loss_scale(config: dict[str, Any], modern: Callable[[Any], Any]) -> dict[str, Any]:
    """An optimizer with its loss scale in today's form.

    Args:
        config: the arguments of the older one.
        modern: brings the optimizer inside into today's form.

    Returns:
        A `LossScaleOptimizer`, or for a fixed scale the optimizer inside with it.

    Raises:
        SerializationError: the scale has no equal here.
    """
    config = _without_objects(config)
    inner = modern(config.pop("inner_optimizer", None) or config.pop("optimizer", None))
    if not config.pop("dynamic", True):
        return _with_fixed_scale(inner, config)
    kept = {k: v for k, v in config.items() if v is not None}
    return built_in("optimizers", "LossScaleOptimizer", {**kept, "inner_optimizer": inner})


def has_fixed_scale(optimizer: Any) -> bool:
    """Whether an optimizer in today's form has a scale that never changes."""
    config = optimizer["config"] if is_entry(optimizer) else None
    return isinstance(config, dict) and config.get("loss_scale_factor") is not None


def _without_objects(config: dict[str, Any]) -> dict[str, Any]:
    config = dict(config)
    scale = config.pop("loss_scale", None)
    if is_entry(scale):
        arguments = scale["config"]
        if arguments.get("multiplier", _MULTIPLIER) != _MULTIPLIER:
            refuse(
                "optimizer",
                "LossScaleOptimizer",
                config.get("name"),
                f"has a loss scale with multiplier={arguments['multiplier']!r}, for which there is "
                f"no equal here. Only {_MULTIPLIER} can be read.",
            )
        config["dynamic"] = scale["class_name"] == "DynamicLossScale"
        named = {_NAMES_IN_OBJECTS[k]: v for k, v in arguments.items() if k in _NAMES_IN_OBJECTS}
        config.update(named)
    elif scale is not None:
        config["dynamic"] = scale == "dynamic"
        if not config["dynamic"]:
            config["initial_scale"] = scale
    return config


def _with_fixed_scale(inner: Any, config: dict[str, Any]) -> dict[str, Any]:
    if not is_entry(inner) or is_users_own(inner):
        refuse(
            "optimizer",
            "LossScaleOptimizer",
            config.get("name"),
            "has a loss scale that never changes around an optimizer that is none of deepkit's, "
            "so nobody knows whether it takes a `loss_scale_factor`.",
        )
    own = {**inner["config"], "loss_scale_factor": config.get("initial_scale")}
    return {**inner, "config": own}
