"""The state of optimizers as Keras 1 and 2 kept it, given to those of today.

Two orders are known. Up to TensorFlow 2.10 the slots of one kind lie together, after the number of
steps: all means, then all mean squares. From 2.11 on they lie variable by variable as today, but
the learning rate is not among them. The learning rate then in force is in the config.
"""

import dataclasses
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import CorruptFileError
from deepkit.saving._formats._differences import Difference, compare
from deepkit.saving._formats._inspection import DatasetInfo
from deepkit.saving._formats._reader import Hdf5Reader
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


@dataclasses.dataclass(frozen=True)
class Taken:
    """A variable and the array that it takes its value from.

    Attributes:
        variable: the variable.
        info: the array in the file.
        change: what is made of the array first.
    """

    variable: Variable
    info: DatasetInfo
    change: Callable[[np.ndarray], Any] | None = None

    def read(self, reader: Hdf5Reader) -> tuple[Variable, Any]:
        """The variable and its value."""
        if self.change is None:
            return self.variable, reader.read(self.info, self.variable.dtype)
        return self.variable, self.change(reader.read(self.info))


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
    optimizer: Any, saved: Sequence[DatasetInfo], grouped: bool, file: str
) -> tuple[list[Taken], list[Difference]]:
    """Find for each variable of an optimizer its array in an older file.

    Args:
        optimizer: the optimizer, built, of a class that `is_known`.
        saved: the arrays in their order.
        grouped: whether the slots of one kind lie together.
        file: how messages name the file.

    Returns:
        The variables and their arrays, and what does not fit.
    """
    class_name = type(optimizer).__name__
    count = next((at for at, info in enumerate(saved) if info.shape != ()), len(saved))
    header, arrays = saved[:count], saved[count:]
    slots = optimizer.slots()
    if not grouped or class_name in _NEVER_GROUPED:
        made = [slot for slot in optimizer.variables if any(slot is s for s in _flat(slots))]
    else:
        made = [slot for kind in _KINDS[class_name] for slot in slots.get(kind, ())]
    if made and not arrays:
        # The optimizer had not begun.
        return [], []
    has_unused = _has_unused_kind(class_name, slots) and len(arrays) > len(made)
    if len(arrays) != len(made) and not has_unused:
        text = (
            f"the optimizer has {len(arrays)} arrays for its slots in the file, and "
            f"{len(made)} in the model ('{optimizer.name}', {class_name})"
        )
        return [], [Difference("differs", text)]
    pairs = list(zip(made, arrays))
    differences = [compare(info, variable, info.path) for variable, info in pairs]
    found = [difference for difference in differences if difference is not None]
    if found:
        return [], found
    taken = [Taken(variable, info) for variable, info in pairs]
    if grouped and class_name == "Nadam":
        _warn_of_nadam(file)
    return [*_steps(optimizer, header), *taken], []


def _has_unused_kind(class_name: str, slots: dict[str, list[Variable]]) -> bool:
    kind = _UNUSED_KINDS.get(class_name)
    return kind is not None and kind not in slots


def _flat(slots: dict[str, list[Variable]]) -> list[Variable]:
    return [slot for kind in slots.values() for slot in kind]


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
        Taken(variable, info, lambda array, value=value: value(count(array)))
        for variable, value in optimizer.state_after_steps()
    ]
    return [Taken(iteration, info, count), *following]


def _warn_of_nadam(file: str) -> None:
    warnings.warn(
        f"'{file}' has the state of a Nadam whose momentum grew by `schedule_decay`, as before "
        f"TensorFlow 2.11. Its state was loaded, and training goes on with the momentum of today's "
        f"Nadam, so the next steps differ a little.",
        stacklevel=2,
    )
