"""Optimizers and learning-rate schedules of older Keras."""

from typing import Any

from ._entries import built_in, is_built_in, is_entry, is_users_own, without_harmless
from ._loss_scales import LOSS_SCALES, modern_loss_scale

# Arguments that are gone, and the values that change nothing; None stands for all values.
_GONE: dict[str, tuple[Any, ...] | None] = {
    "jit_compile": None,
    "is_legacy_optimizer": None,
}
_EPSILON = 1e-7


def modern_optimizer(optimizer: Any) -> Any:
    """An optimizer in today's form.

    Raises:
        SerializationError: it has an argument that has no equal here.
    """
    if not is_entry(optimizer) or is_users_own(optimizer):
        return optimizer
    class_name = optimizer["class_name"].removeprefix("Custom>")
    config = dict(optimizer["config"])
    if class_name in LOSS_SCALES:
        return modern_loss_scale(config, modern_optimizer)
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
        # TensorFlow wrote the decay of its momentum under the name of that of learning rates, as
        # deepkit does for Keras 3 to read it. From 2.11 on it was that of today.
        momentum_decay, decay = config.pop("schedule_decay", decay), None
        if momentum_decay is not None:
            config["decay"] = momentum_decay
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
