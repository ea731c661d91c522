"""The variables of a compiled loop: what goes from turn to turn, and in which types."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import UnboundVariableError
from deepkit.tensors import Variable

from ._loop_errors import LoopErrors
from ._specs import Conflict, Spec, cast, is_numeric, joined, placeholder, plain, same, spec_of
from ._stacks import remember
from ._undefined import Undefined, UndefinedReturnValue, is_undefined
from ._values import Growing, copied, flatten, in_order_of, items, replace_items, written_back


@dataclasses.dataclass
class _Slot:
    """An array that goes from turn to turn.

    Args:
        spec: its type.
        start: its value before the loop.
        changes: whether a turn changes it.
    """

    spec: Spec
    start: Any
    changes: bool = False


class LoopVariable:
    """A variable that a loop changes.

    Args:
        name: its name.
        start: its value before the loop.
        appended: whether the loop appends to it.
        line: where the loop is.
    """

    def __init__(self, name: str, start: Any, appended: bool, line: str) -> None:
        self.name, self.start = name, start
        self._errors = LoopErrors(name, line)
        self.grows = appended and isinstance(start, list)
        self._added: list[tuple[list[Any], Any]] = []
        leaves, self.tree = flatten(start)
        self.leaves = [_slot_of(leaf) for leaf in leaves]
        self.is_late = False
        self._in_place = True

    @property
    def slots(self) -> list[_Slot]:
        """The arrays of it that go from turn to turn."""
        return [] if self.grows else [leaf for leaf in self.leaves if isinstance(leaf, _Slot)]

    @property
    def given_slots(self) -> list[_Slot]:
        """Those that a turn is given: none where each turn that needs it defines it anew."""
        return [] if self.is_late else self.slots

    def inside(self, arrays: Sequence[Any]) -> Any:
        """Its value at the start of a turn.

        Args:
            arrays: those of its given slots.
        """
        if self.grows:
            return Growing()
        return self.start if self.is_late else self._filled(arrays)

    def _filled(self, arrays: Sequence[Any]) -> Any:
        given = iter(arrays)
        leaves = [next(given) if isinstance(leaf, _Slot) else leaf for leaf in self.leaves]
        value = in_order_of(jax.tree_util.tree_unflatten(self.tree, leaves), self.start)
        return copied(value)

    def fit(self, given: Any, leaves_given: Sequence[Any], after: Any) -> bool:
        """Take in what one turn made of it; returns whether the turn must be traced anew.

        Args:
            given: its value at the start of the turn.
            leaves_given: the leaves of that, as they were then.
            after: its value at the end.

        Raises:
            ArgumentTypeError: its structure changes, or an object that is no array does.
            ShapeError: its shape changes.
            DTypeError: its dtype changes.
        """
        if self.grows:
            return self._fit_growing(given, after)
        if is_undefined(after):
            return self._fit_undefined(after)
        self._in_place = after is given
        leaves, tree = flatten(after)
        if is_undefined(self.start) and not self.is_late:
            self.is_late, self.tree = True, tree
            self.leaves = [_adopted(leaf) for leaf in leaves]
            return False
        if tree != self.tree:
            if self.start is None or after is None:
                raise self._errors.of_object(self.start, after)
            raise self._errors.of_structure(self.start, after)
        before = leaves_given if not self.is_late else leaves
        pairs = enumerate(zip(before, leaves))
        changes = [self._fit_leaf(index, b, leaf) for index, (b, leaf) in pairs]
        return any(changes)

    def _fit_growing(self, given: Any, after: Any) -> bool:
        if after is not given:
            self.grows = False
            return True
        self._added = [flatten(item) for item in items(after)]
        return False

    def _fit_undefined(self, after: Any) -> bool:
        if is_undefined(self.start):
            self.leaves, self.tree = flatten(after)
            return False
        raise self._errors.of_deletion()

    def _fit_leaf(self, index: int, before: Any, after: Any) -> bool:
        leaf = self.leaves[index]
        if not isinstance(leaf, _Slot):
            if same(leaf, after):
                return False
            if self.is_late:
                self.leaves[index] = _adopted(after)
                return False
            if isinstance(leaf, Variable) and is_numeric(after):
                self.leaves[index] = _Slot(spec_of(leaf), plain(leaf), True)
                return True
            raise self._errors.of_object(leaf, after)
        if not is_numeric(after):
            raise self._errors.of_object(leaf.start, after)
        leaf.changes = leaf.changes or after is not before
        after_spec = spec_of(after)
        try:
            spec = joined(leaf.spec, after_spec, widen=False)
        except Conflict as conflict:
            raise self._errors.of_type(conflict, leaf.spec, after_spec) from None
        if spec == leaf.spec:
            return False
        leaf.spec = spec
        return True

    def arrays(self, after: Any) -> list[Any]:
        """The arrays of its slots at the end of a turn, each in its type."""
        if not self.slots:
            return []
        leaves = flatten(after)[0]
        return [
            cast(plain(leaf), slot.spec)
            for leaf, slot in zip(leaves, self.leaves)
            if isinstance(slot, _Slot)
        ]

    def appended_arrays(self) -> list[jax.Array]:
        """The arrays in what a turn appends."""
        return [jnp.asarray(plain(leaf)) for leaf in self._appended_leaves()]

    def appended_count(self) -> int:
        """How many they are."""
        return len(self._appended_leaves())

    def _appended_leaves(self) -> list[Any]:
        if not self.grows:
            return []
        return [leaf for leaves, _ in self._added for leaf in leaves if is_numeric(leaf)]

    def ended(self, arrays: Sequence[Any], stacked: Sequence[Any], turns: int | None) -> Any:
        """Its value after the loop.

        Args:
            arrays: those of its slots.
            stacked: what was appended, stacked along the turns.
            turns: the number of turns, `None` if it is not known.
        """
        if self.grows:
            return self._grown(stacked, turns)
        if self.is_late and turns is None and type(self.start) is Undefined:
            if "." in self.name or "[" in self.name:
                raise UnboundVariableError(self._errors.unbound_reason())
            return Undefined(self.name, self._errors.unbound_reason())
        kept = [array if slot.changes else slot.start for array, slot in zip(arrays, self.slots)]
        value = self._filled(kept)
        return written_back(self.start, value) if self._in_place else value

    def _grown(self, stacked: Sequence[Any], turns: int | None) -> Any:
        if turns is None:
            if self._added:
                raise self._errors.of_growth()
            return self.start
        new = []
        for turn in range(turns):
            given = iter(stacked)
            for leaves, tree in self._added:
                filled = [next(given)[turn] if is_numeric(leaf) else leaf for leaf in leaves]
                new.append(jax.tree_util.tree_unflatten(tree, filled))
        if len(stacked) == len(self._added) == 1 and isinstance(new[0], jax.Array):
            remember(new, stacked[0])
        replace_items(self.start, [*items(self.start), *new])
        return self.start


def _slot_of(leaf: Any) -> Any:
    if is_numeric(leaf) and not isinstance(leaf, Variable):
        return _Slot(spec_of(leaf), leaf)
    return leaf


def _adopted(leaf: Any) -> Any:
    """The slot of a variable that has no value before the loop."""
    if not is_numeric(leaf):
        return leaf
    return _Slot(spec_of(leaf), UndefinedReturnValue(), True)


def starting_arrays(variables: Sequence[LoopVariable]) -> list[jax.Array]:
    """The arrays of all slots before the loop."""
    return [
        placeholder(slot.spec) if is_undefined(slot.start) else cast(slot.start, slot.spec)
        for variable in variables
        for slot in variable.slots
    ]


def split(arrays: Sequence[Any], counts: Sequence[int]) -> list[list[Any]]:
    """Arrays in groups of the given sizes."""
    groups, position = [], 0
    for count in counts:
        groups.append(list(arrays[position : position + count]))
        position += count
    return groups
