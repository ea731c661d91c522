"""Optimizers that scaled the loss in Keras 2 without a word in the config."""

from collections.abc import Mapping
from typing import Any

from deepkit.core import registry
from deepkit.saving._formats._state_reader import StateReader

# The groups of the optimizer inside, in TensorFlow 2.12 and later.
_INNER = ("optimizer/_optimizer/vars", "optimizer/inner_optimizer/vars")


def scales_loss(optimizer: Any) -> bool:
    """Whether an optimizer scales the loss for another one inside."""
    return type(optimizer).__name__ == "LossScaleOptimizer"


def scale_loss_as_before(model: Any, config: Mapping[str, Any], reader: StateReader) -> None:
    """Let an optimizer scale the loss that did so when its model was saved.

    `compile` of a model of mixed precision wrapped the optimizer, archives have that of the user in
    their config, and nothing says of which policy the model was. But the state is there twice, that
    of the optimizer inside by itself.

    Args:
        model: the model that the archive describes, compiled or not.
        config: its config, in today's form.
        reader: the state in the archive.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or scales_loss(optimizer):
        return
    arguments = config.get("compile_config") or {}
    may_scale = arguments.get("auto_scale_loss", True)
    if may_scale and any(reader.datasets_in(group) for group in _INNER):
        scaling = registry.provided("keras.optimizers", "LossScaleOptimizer")(optimizer)
        if optimizer.built:
            scaling.build(optimizer.updated_variables)
        model.optimizer = scaling
