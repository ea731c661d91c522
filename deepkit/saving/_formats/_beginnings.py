"""Whether optimizers have begun, and how they begin anew."""

from typing import Any

import numpy as np

from deepkit.tensors import Variable


def has_begun(optimizer: Any) -> bool:
    """Whether an optimizer has made a step."""
    return int(np.asarray(getattr(optimizer, "iterations", 0))) > 0


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
