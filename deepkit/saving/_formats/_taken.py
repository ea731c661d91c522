"""A variable and what it takes from a file."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deepkit.saving._formats._differences import Difference, compare
from deepkit.saving._formats._older._layouts import OlderLayout
from deepkit.saving._formats._state_reader import SavedArray, StateReader
from deepkit.tensors import Variable


@dataclasses.dataclass(frozen=True)
class Taken:
    """A variable and the arrays that it takes its value from.

    Attributes:
        variable: the variable.
        infos: the array in the file; of several ones the last axes are joined.
        change: what is made of the array first, whatever its dtype.
        layout: how older Keras laid out the array; as it is, if `None`.
    """

    variable: Variable
    infos: Sequence[SavedArray]
    change: Callable[[np.ndarray], Any] | None = None
    layout: OlderLayout | None = None

    def difference(self) -> Difference | None:
        """How the array differs from what the variable can take."""
        first, *rest = self.infos
        if rest:
            shapes = [info.shape for info in self.infos]
            if any(shape == () or shape[:-1] != first.shape[:-1] for shape in shapes):
                return Difference("differs", f"'{first.path}' and what goes with it: {shapes}")
            joined = (*first.shape[:-1], sum(shape[-1] for shape in shapes))
            first = dataclasses.replace(first, shape=joined)
        if self.layout is not None:
            first = dataclasses.replace(first, shape=self.layout.shape)
        return compare(first, self.variable, first.path)

    def read(self, reader: StateReader) -> tuple[Variable, Any]:
        """The variable and its value."""
        target = None if self.change is not None else self.variable.dtype
        arrays = [reader.read(info, target) for info in self.infos]
        array = arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=-1)
        if self.layout is not None:
            array = self.layout.change(array)
        return self.variable, array if self.change is None else self.change(array)


def fitting(taken: list[Taken]) -> tuple[list[Taken], list[Difference]]:
    """All of some variables and their arrays if each fits, or else none; and what does not fit."""
    differences = [found for one in taken if (found := one.difference()) is not None]
    return ([] if differences else taken), differences
