"""Optimizers and learning-rate schedules of older Keras."""

import math
from typing import Any

from ._entries import built_in, is_built_in, is_entry, is_users_own, refuse, without_harmless

# Arguments that are gone, and the values that change nothing; None stands for all values.
_GONE: dict[str, tuple[Any, ...] | None] = {
    "jit_compile": None,
    "is_legacy_optimizer": None,
}
_SCHEDULE_DECAY = 0.004
_EPSILON = 1e-7
_LOSS_SCALES = ("LossScaleOptimizer", "LossScaleOptimizerV1", "LossScaleOptimizerV3")


def modern_optimizer(optimizer: Any) -> Any:
    """An optimizer in today's form.

    Raises:
        SerializationError: it has an argument that has no equal here.
    """
    if not is_entry(optimizer) or is_users_own(optimizer):
        return optimizer
    class_name = optimizer["class_name"].removeprefix("Custom>")
    config = dict(optimizer["config"])
    if class_name in _LOSS_SCALES:
        return built_in("optimizers", "LossScaleOptimizer", _modern_loss_scale(config))
    if not is_built_in("optimizers", class_name):
        return {**optimizer, "class_name": class_name}
    return built_in("optimizers", class_name, _modern_arguments(class_name, config))


def _modern_arguments(class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    # TensorFlow gave all of its optimizers a name, and Keras alone none. Those of 2.11 and later
    # have no `decay`.
    is_alone = "name" not in config
    is_first = is_alone or "decay" in config
    if "lr" in config:
        config["learning_rate"] = config.pop("lr")
    config = without_harmless(config, _GONE, "optimizer", class_name)
    decay = config.pop("decay", None)
    if class_name == "Nadam":
        # TensorFlow wrote the decay of its momentum under the name of that of learning rates.
        _check_schedule_decay(config.pop("schedule_decay", decay))
        decay = None
    rate = config.get("learning_rate")
    if is_entry(rate) and not is_users_own(rate):
        config["learning_rate"] = _modern_schedule(rate)
    elif decay:
        config["learning_rate"] = _inverse_time_decay(rate, decay)
    if config.get("epsilon", 0.0) is None:
        del config["epsilon"]
    if config.get("weight_decay") is False:
        config["weight_decay"] = None
    if is_alone:
        _finish_alone(class_name, config)
    if is_first and (class_name == "Adagrad" or _is_plain_rmsprop(class_name, config)):
        # It was added to the root and is added under it now: `sqrt(v + e**2)` is nearest to
        # `sqrt(v) + e`.
        config["epsilon"] = config.get("epsilon", _EPSILON) ** 2
    return config


def _is_plain_rmsprop(class_name: str, config: dict[str, Any]) -> bool:
    return class_name == "RMSprop" and not config.get("momentum")


def _check_schedule_decay(decay: Any) -> None:
    """Refuse a decay of the momentum of Nadam that is not the one that is fixed today.

    Raises:
        SerializationError: it is another one.
    """
    if decay is not None and not math.isclose(decay, _SCHEDULE_DECAY, rel_tol=1e-6):
        refuse(
            "optimizer",
            "Nadam",
            None,
            f"has schedule_decay={decay!r}, for which there is no equal here. Only "
            f"{_SCHEDULE_DECAY} can be read.",
        )


def _finish_alone(class_name: str, config: dict[str, Any]) -> None:
    """What went without saying in Keras alone."""
    if "clipnorm" in config:
        # It was the norm of all gradients together.
        config["global_clipnorm"] = config.pop("clipnorm")
    if class_name == "Adagrad":
        config.setdefault("initial_accumulator_value", 0.0)


def _modern_schedule(schedule: dict[str, Any]) -> dict[str, Any]:
    class_name = schedule["class_name"]
    if not is_built_in("optimizers.schedules", class_name):
        return schedule
    config = {k: v for k, v in schedule["config"].items() if k != "name" or v is not None}
    return built_in("optimizers.schedules", class_name, config)


def _inverse_time_decay(rate: Any, decay: float) -> dict[str, Any]:
    """`rate / (1 + decay * step)`, which was an argument of optimizers."""
    arguments = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
    return built_in("optimizers.schedules", "InverseTimeDecay", arguments)


def _modern_loss_scale(config: dict[str, Any]) -> dict[str, Any]:
    scale = config.pop("loss_scale", None)
    if is_entry(scale):
        is_dynamic = scale["class_name"] == "DynamicLossScale"
        older = {"initial_loss_scale": "initial_scale", "increment_period": "dynamic_growth_steps"}
        config.update({older[k]: v for k, v in scale["config"].items() if k in older})
        config["dynamic"] = is_dynamic
    elif scale is not None:
        config["dynamic"] = scale == "dynamic"
    if not config.pop("dynamic", True):
        refuse(
            "optimizer",
            "LossScaleOptimizer",
            config.get("name"),
            "has a loss scale that never changes, for which there is no equal here.",
        )
    inner = config.pop("inner_optimizer", None) or config.pop("optimizer", None)
    kept = {k: v for k, v in config.items() if v is not None}
    return {**kept, "inner_optimizer": modern_optimizer(inner)}
