"""The variables that a tape watches, and the values of theirs that were read."""

import dataclasses
from collections.abc import Callable

import jax

from deepkit.core import dtypes
from deepkit.tensors import Variable

from ._recording import Recording


@dataclasses.dataclass
class _Watched:
    variable: Variable
    # Of the values that were read: what is assigned while the tape records has a slot of its own.
    slots: list[int] = dataclasses.field(default_factory=list)
    # By slots of arrays that are something else, too: the arrays that stand for the variable.
    copies: dict[int, jax.Array] = dataclasses.field(default_factory=dict)


class WatchedVariables:
    """Notes the values of variables in a recording.

    Args:
        recording: where.
        takes_all: whether every trainable variable is watched once it is read.
    """

    def __init__(self, recording: Recording, takes_all: bool) -> None:
        self._recording = recording
        self._takes_all = takes_all
        self._by_identity: dict[int, _Watched] = {}

    def add(self, variable: Variable) -> None:
        """Watch a variable from here on."""
        self._by_identity.setdefault(id(variable), _Watched(variable))

    def all(self) -> tuple[Variable, ...]:
        """The variables, in the order in which they came."""
        return tuple(watched.variable for watched in self._by_identity.values())

    def slots_of(self, variable: Variable) -> list[int]:
        """The slots of the values that were read of a variable."""
        watched = self._by_identity.get(id(variable))
        return [] if watched is None else watched.slots

    def note_read(
        self, variable: Variable, value: jax.Array, copy: Callable[[jax.Array], jax.Array]
    ) -> jax.Array:
        """Note that a variable was read; returns the array that the reader gets.

        Args:
            variable: the variable.
            value: its value.
            copy: makes an array of another identity.
        """
        watched = self._by_identity.get(id(variable))
        if watched is None:
            if not (self._takes_all and variable.trainable and _is_float(variable)):
                return value
            watched = self._by_identity[id(variable)] = _Watched(variable)
        if not self._recording.is_watched(value):
            watched.slots.append(self._recording.watch(value))
            return value
        slot = self._recording.slot_of(value)
        if slot in watched.slots:
            return value
        # The same array is another variable's, or the result of an operation.
        if slot not in watched.copies:
            watched.copies[slot] = copy(value)
            watched.slots.append(self._recording.watch(watched.copies[slot]))
        return watched.copies[slot]


def _is_float(variable: Variable) -> bool:
    return dtypes.is_float(variable.stored_dtype) or "complex" in variable.stored_dtype
