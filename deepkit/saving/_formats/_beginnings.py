"""Whether optimizers have begun, how they are made ready to go on, and how they begin anew."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from deepkit.saving._saveable import OPTIMIZER, Place, join, own_variables
from deepkit.tensors import Variable


class HasShape(Protocol):
    """An array, in memory or in a file."""

    @property
    def shape(self) -> tuple[int, ...]: ...


def has_begun(optimizer: Any) -> bool:
    """Whether an optimizer has made a step."""
    return int(np.asarray(getattr(optimizer, "iterations", 0))) > 0


def has_slots(saved: Iterable[HasShape]) -> bool:
    """Whether the saved state of an optimizer has slots, and not only its iterations and rates."""
    return any(info.shape != () for info in saved)


def build_optimizers(
    places: Iterable[Place], saved_in: Callable[[str], Sequence[HasShape]]
) -> None:
    """Make the slots of optimizers for which there are saved values.

    Args:
        places: those of the models that have the optimizers.
        saved_in: the values that a group has.
    """
    for place in places:
        optimizer = getattr(place.saveable, OPTIMIZER, None)
        if optimizer is None or getattr(optimizer, "built", True):
            continue
        saved = saved_in(f"{join(place.path, OPTIMIZER)}/vars")
        # One that was not built has its iterations and learning rate alone, in a file too.
        if has_slots(saved) or len(saved) > len(own_variables(optimizer)):
            optimizer.build(place.saveable.trainable_variables)


def begun_anew(optimizer: Any) -> list[tuple[Variable, Any]]:
    """The variables of an optimizer and the values with which it began; none if it has not begun.

    Args:
        optimizer: the optimizer; its config must make it again.
    """
    if not has_begun(optimizer):
        return []
    fresh = type(optimizer).from_config(optimizer.get_config())
    fresh.build(optimizer.updated_variables)
    return [(old, new.value) for old, new in zip(optimizer.variables, fresh.variables)]
