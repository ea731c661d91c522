"""The state of optimizers as Keras 1 and 2 kept it, given to those of today.

Two orders are known. Up to TensorFlow 2.10 the slots of one kind lie together, after the number of
steps: all means, then all mean squares. From 2.11 on they lie variable by variable as today, but
the learning rate is not among them. The learning rate then in force is in the config. An optimizer
that scales the loss kept the state of the one inside as if it were its own, and not the scale.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import CorruptFileError
from deepkit.saving._formats._differences import Difference
from deepkit.saving._formats._older._cudnn import warn_of_biases
from deepkit.saving._formats._older._layouts import OlderLayout
from deepkit.saving._formats._older._loss_scales import scales_loss
from deepkit.saving._formats._older._nadam import is_nadam, product_of_momenta
from deepkit.saving._formats._state_reader import SavedArray
from deepkit.saving._formats._taken import Taken, fitting
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
    "Adafactor": ("r", "c", "velocity"),
}
# Always variable by variable, and in all releases that had it.
_NEVER_GROUPED = ("Ftrl", "Adafactor")


def is_known(optimizer: Any) -> bool:
    """Whether the order of an optimizer's older states is known."""
    inner = _inner(optimizer)
    return type(inner).__name__ in _KINDS and hasattr(inner, "slots")


def _inner(optimizer: Any) -> Any:
    """The optimizer that updates variables: the one inside, if one scales the loss."""
    return optimizer.inner_optimizer if scales_loss(optimizer) else optimizer


def warn_of_unknown(optimizer: Any, file: str) -> None:
    """Say that the state of an optimizer is left out, as nobody knows its order."""
    warnings.warn(
        f"The state of the optimizer in '{file}' was not loaded: the order in which older Keras "
        f"kept that of {type(_inner(optimizer)).__name__} is not known. Training goes on with a "
        f"fresh state.",
        stacklevel=2,
    )


def warn_of_no_state(file: str) -> None:
    """Say that a compiled model comes without the state of its optimizer."""
    warnings.warn(
        f"'{file}' has no state of the optimizer, as TensorFlow's Keras left out that of its "
        f"`keras.optimizers.legacy` in this format. Training goes on with a fresh state.",
        stacklevel=2,
    )


def has_no_slots(optimizer: Any) -> bool:
    """Whether an optimizer is known, and has no more state than the number of steps."""
    return is_known(optimizer) and optimizer.built and not _inner(optimizer).slots()


def is_grouped(names: Sequence[str]) -> bool:
    """Whether the slots of one kind lie together, by the names that a file gives the arrays."""
    return not names or names[0].rpartition("/")[2].partition(":")[0] != "iteration"


def take_state(
    optimizer: Any,
    saved: Sequence[SavedArray],
    file: str,
    grouped: bool,
    parts: Sequence[Sequence[int]] | None = None,
    layouts: Mapping[int, OlderLayout] | None = None,
) -> tuple[list[Taken], list[Difference]]:
    """Find for each variable of an optimizer its array in an older file.

    Args:
        optimizer: the optimizer, built, of a class that `is_known`.
        saved: the arrays in their order.
        file: how messages name the file.
        grouped: whether the slots of one kind lie together.
        parts: for each of the model's variables, which arrays of a kind make up its slot; one each
            and in their order if `None`.
        layouts: how weights lie in the file where not as today, by the variables' ids.

    Returns:
        The variables and their arrays, and what does not fit.
    """
    outer, optimizer = optimizer, _inner(optimizer)
    header, arrays = _split(optimizer, saved, grouped)
    made, places = _order(optimizer, grouped, parts)
    if made and not arrays:
        # The optimizer had not begun.
        return [], []
    needed = sum(map(len, places))
    count = sum(map(len, parts)) if parts is not None else len(optimizer.updated_variables)
    if needed != len(arrays) and not _is_unused(optimizer, arrays[needed:], count):
        text = (
            f"the slots of the optimizer '{optimizer.name}' ({type(optimizer).__name__}) are "
            f"{needed} arrays for the model, and {len(arrays)} in the file"
        )
        return [], [Difference("differs", text)]
    of_slots = _layouts_of_slots(optimizer, layouts or {})
    taken, differences = fitting(
        [
            Taken(slot, [arrays[place] for place in own], layout=of_slots.get(id(slot)))
            for slot, own in zip(made, places)
        ]
    )
    if differences:
        return [], differences
    if not all(layout.is_exact_for_slots for layout in of_slots.values()):
        warn_of_biases(file)
    return [*_steps(outer, header, file, grouped), *taken], []


def _split(
    optimizer: Any, saved: Sequence[SavedArray], grouped: bool
) -> tuple[Sequence[SavedArray], Sequence[SavedArray]]:
    """The number of steps, with what older files of Nadam keep beside it, and the slots."""
    most = 2 if grouped and is_nadam(optimizer) else 1
    count = next((at for at, info in enumerate(saved) if info.shape != ()), len(saved))
    return saved[: min(count, most)], saved[min(count, most) :]


def _order(
    optimizer: Any, grouped: bool, parts: Sequence[Sequence[int]] | None
) -> tuple[list[Variable], list[list[int]]]:
    """The slots of an optimizer, and for each of them the places of its arrays."""
    class_name, slots = type(optimizer).__name__, optimizer.slots()
    if not grouped or class_name in _NEVER_GROUPED:
        own = {id(slot) for kind in slots.values() for slot in kind}
        own -= {id(slot) for slot in _placeholders(optimizer)}
        made = [slot for slot in optimizer.variables if id(slot) in own]
        return made, [[index] for index in range(len(made))]
    kinds = [slots[kind] for kind in _KINDS[class_name] if kind in slots]
    if parts is None:
        parts = [[index] for index in range(len(optimizer.updated_variables))]
    places = _places_in_groups(len(kinds), parts)
    return [slot for kind in kinds for slot in kind], places


def _placeholders(optimizer: Any) -> list[Variable]:
    """The slots for rows and columns of what has none, which were not in files."""
    if type(optimizer).__name__ != "Adafactor":
        return []
    slots = optimizer.slots()
    return [slot for kind in ("r", "c") for slot in slots.get(kind, ()) if tuple(slot.shape) == ()]


def _places_in_groups(count: int, parts: Sequence[Sequence[int]]) -> list[list[int]]:
    """The places of the arrays for each slot, where the arrays of one kind follow another's."""
    size = sum(map(len, parts))
    return [[group * size + place for place in part] for group in range(count) for part in parts]


def _layouts_of_slots(optimizer: Any, layouts: Mapping[int, OlderLayout]) -> dict[int, OlderLayout]:
    """The layouts of slots, by their ids: those of their weights."""
    return {
        id(slot): layouts[id(weight)].of_slots()
        for kind in optimizer.slots().values()
        for slot, weight in zip(kind, optimizer.updated_variables)
        if id(weight) in layouts
    }


def _is_unused(optimizer: Any, surplus: Sequence[SavedArray], count: int) -> bool:
    """Whether arrays are of no use: momenta of zero, or placeholders of `amsgrad`."""
    class_name = type(optimizer).__name__
    if class_name == "SGD" and not optimizer.slots():
        return len(surplus) == count
    return class_name == "Adam" and bool(surplus) and {info.shape for info in surplus} == {(1,)}


def _steps(outer: Any, header: Sequence[SavedArray], file: str, grouped: bool) -> list[Taken]:
    """The number of steps, and what follows from it. Some optimizers of Keras 2.2 kept none."""
    if not header:
        return []
    info, optimizer = header[0], _inner(outer)

    def count(array: np.ndarray) -> int:
        # Keras 1 counted in floats.
        if not np.isfinite(array) or array != np.floor(array) or not 0 <= array < 2**31:
            raise CorruptFileError(f"'{info.path}' counts steps, and cannot be {array}.")
        return int(array)

    taken = [Taken(optimizer.variables[0], [info], count)]
    if is_nadam(optimizer):
        taken.append(product_of_momenta(optimizer, header, count, file, grouped))
    if outer is not optimizer:
        taken.extend(
            Taken(variable, [info], lambda array, value=value: value(count(array)))
            for variable, value in outer.state_after_steps()
        )
    return taken
