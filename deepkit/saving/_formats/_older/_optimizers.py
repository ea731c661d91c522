"""The state of optimizers as Keras 1 and 2 kept it, given to those of today.

Two orders are known. Up to TensorFlow 2.10 the slots of one kind lie together, after the number of
steps: all means, then all mean squares. From 2.11 on they lie variable by variable as today, but
the learning rate is not among them. The learning rate then in force is in the config.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import CorruptFileError
from deepkit.saving._formats._differences import Difference
from deepkit.saving._formats._inspection import DatasetInfo
from deepkit.saving._formats._taken import Taken
from deepkit.tensors import Variable

# The kinds of slots in the order of older files; those that an optimizer does not use are left out.
_KINDS = {
    "SGD": ("momentum",),
    "RMSprop": ("velocity", "momentum", "average_gradient"),
    "Adagrad": ("accumulator",),
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "Adam": ("momentum", "velocity", "velocity_hat"),
    "AdamW": ("momentum", "velocity", "velocity_hat"),
    "Adamax": ("momentum", "norm"),
    "Nadam": ("momentum", "velocity"),
    "Ftrl": ("accumulator", "linear"),
    "Lion": ("momentum",),
}
# Written for optimizers that do not use them: momenta of zero, and placeholders of `amsgrad`.
_UNUSED_KINDS = {"SGD": "momentum", "Adam": "velocity_hat"}
# Always variable by variable, and in all releases that had it.
_NEVER_GROUPED = ("Ftrl",)


def is_known(optimizer: Any) -> bool:
    """Whether the order of an optimizer's older states is known."""
    return type(optimizer).__name__ in _KINDS and hasattr(optimizer, "slots")


def warn_of_unknown(optimizer: Any, file: str) -> None:
    """Say that the state of an optimizer is left out, as nobody knows its order."""
    warnings.warn(
        f"The state of the optimizer in '{file}' was not loaded: the order in which older Keras "
        f"kept that of {type(optimizer).__name__} is not known. Training goes on with a fresh "
        f"state.",
        stacklevel=2,
    )


def is_grouped(names: Sequence[str]) -> bool:
    """Whether the slots of one kind lie together, by the names that a file gives the arrays."""
    return not names or names[0].rpartition("/")[2].partition(":")[0] != "iteration"


def take_state(
    optimizer: Any,
    saved: Sequence[DatasetInfo],
    file: str,
    grouped: bool,
    parts: Sequence[Sequence[int]] | None = None,
) -> tuple[list[Taken], list[Difference]]:
    """Find for each variable of an optimizer its array in an older file.

    Args:
        optimizer: the optimizer, built, of a class that `is_known`.
        saved: the arrays in their order.
        file: how messages name the file.
        grouped: whether the slots of one kind lie together.
        parts: for each of the model's variables, which arrays of a kind make up its slot; one each
            and in their order if `None`.

    Returns:
        The variables and their arrays, and what does not fit.
    """
    class_name, slots = type(optimizer).__name__, optimizer.slots()
    count = next((at for at, info in enumerate(saved) if info.shape != ()), len(saved))
    header, arrays = saved[:count], saved[count:]
    if slots and not arrays:
        # The optimizer had not begun.
        return [], []
    if not grouped or class_name in _NEVER_GROUPED:
        own = {id(slot) for kind in slots.values() for slot in kind}
        made = [slot for slot in optimizer.variables if id(slot) in own]
        chosen = [[index] for index in range(len(made))]
    else:
        kinds = [slots[kind] for kind in _KINDS[class_name] if kind in slots]
        made = [slot for kind in kinds for slot in kind]
        chosen = _places_in_groups(
            len(kinds), parts or [[i] for i in range(len(next(iter(kinds), ())))]
        )
    needed = sum(map(len, chosen[: len(made)]))
    may_have_more = _has_unused_kind(class_name, slots)
    if needed > len(arrays) or (needed < len(arrays) and not may_have_more):
        text = (
            f"the slots of the optimizer '{optimizer.name}' ({class_name}) are {needed} arrays for "
            f"the model, and {len(arrays)} in the file"
        )
        return [], [Difference("differs", text)]
    taken = [Taken(v, [arrays[place] for place in places]) for v, places in zip(made, chosen)]
    differences = [found for one in taken if (found := one.difference()) is not None]
    if differences:
        return [], differences
    if class_name == "Nadam":
        _warn_of_nadam(file)
    return [*_steps(optimizer, header), *taken], []


def _places_in_groups(count: int, parts: Sequence[Sequence[int]]) -> list[list[int]]:
    """The places of the arrays for each slot, where the arrays of one kind follow another's."""
    size = sum(map(len, parts))
    return [[group * size + place for place in part] for group in range(count) for part in parts]


def _has_unused_kind(class_name: str, slots: dict[str, list[Variable]]) -> bool:
    kind = _UNUSED_KINDS.get(class_name)
    return kind is not None and kind not in slots


def _steps(optimizer: Any, header: Sequence[DatasetInfo]) -> list[Taken]:
    """The number of steps, and what follows from it. Some optimizers of Keras 2.2 kept none."""
    if not header:
        return []
    info = header[0]

    def count(array: np.ndarray) -> int:
        # Keras 1 counted in floats.
        if not np.isfinite(array) or array != np.floor(array) or not 0 <= array < 2**31:
            raise CorruptFileError(f"'{info.path}' counts steps, and cannot be {array}.")
        return int(array)

    iteration = optimizer.variables[0]
    following = [
        Taken(variable, [info], lambda array, value=value: value(count(array)))
        for variable, value in optimizer.state_after_steps()
    ]
    return [Taken(iteration, [info], count), *following]


def _warn_of_nadam(file: str) -> None:
    """Before TensorFlow 2.11 it grew by `schedule_decay`, then once for each variable of a step."""
    warnings.warn(
        f"'{file}' has the state of a Nadam of Keras 1 or 2, whose momentum grew in another way. "
        f"Its state was loaded, and training goes on with the momentum of today's Nadam: the next "
        f"steps differ a little.",
        stacklevel=2,
    )
