"""The variables of a compiled loop: what goes from turn to turn, and in which types."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentTypeError, DTypeError, ShapeError, UnboundVariableError
from deepkit.tensors import Variable

from ._specs import (
    Conflict,
    Spec,
    cast,
    described,
    is_numeric,
    joined,
    placeholder,
    plain,
    same,
    spec_of,
)
from ._undefined import Undefined, UndefinedReturnValue, is_undefined
from ._values import Growing, copied, flatten, items, replace_items, written_back


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
        self.name, self.start, self.line = name, start, line
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
        return copied(jax.tree_util.tree_unflatten(self.tree, leaves))

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
                raise ArgumentTypeError(self._object_message(self.start, after))
            raise ArgumentTypeError(self._structure_message(after))
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
        raise ArgumentTypeError(
            f"{self.line}`{self.name}` has a value before the loop and may have none after one "
            f"turn. Do not delete it inside, and give it a value in each branch."
        )

    def _fit_leaf(self, index: int, before: Any, after: Any) -> bool:
        leaf = self.leaves[index]
        if not isinstance(leaf, _Slot):
            if same(leaf, after):
                return False
            if isinstance(leaf, Variable) and is_numeric(after):
                self.leaves[index] = _Slot(spec_of(leaf), plain(leaf), True)
                return True
            raise ArgumentTypeError(self._object_message(leaf, after))
        if not is_numeric(after):
            raise ArgumentTypeError(self._object_message(leaf.start, after))
        leaf.changes = leaf.changes or after is not before
        spec = self._joined(leaf.spec, spec_of(after))
        if spec == leaf.spec:
            return False
        leaf.spec = spec
        return True

    def _joined(self, before: Spec, after: Spec) -> Spec:
        try:
            return joined(before, after, widen=False)
        except Conflict as conflict:
            what = f"{self.line}{self.subject} is {{}} before the loop and {{}} after one turn. "
            if conflict.kind == "shape":
                raise ShapeError(
                    what.format(before, after) + "Shapes cannot change in a compiled loop: start "
                    "with an array of the final shape and write into it (`x.at[i].set(...)`), or "
                    "pad to the largest shape (`deepkit.ops.pad`). `shape_invariants` does not "
                    "exist in XLA."
                ) from None
            raise DTypeError(
                what.format(before.dtype, after.dtype) + "Dtypes cannot change in a compiled "
                f"loop: start with {after.dtype}, or cast to {before.dtype} at the end of the turn "
                f"(`deepkit.ops.cast`)."
            ) from None

    @property
    def subject(self) -> str:
        """The variable in a message."""
        if self.name.startswith("retval_"):
            return "the value that the function returns"
        return f"`{self.name}`"

    def _structure_message(self, after: Any) -> str:
        hint = ""
        if isinstance(self.start, list) and isinstance(after, list):
            hint = (
                " A list may grow in a `for` over a known number of turns, when each turn appends "
                "to a list from before the loop, and nothing else."
            )
        return (
            f"{self.line}{self.subject} is {_structure(self.start)} before the loop and "
            f"{_structure(after)} after one turn. Compiled loops keep the structure: the same "
            f"keys, lengths and nesting.{hint}"
        )

    def _object_message(self, before: Any, after: Any) -> str:
        return (
            f"{self.line}{self.subject} is {described(before)} before the loop and "
            f"{described(after)} after one turn. A compiled loop carries arrays and numbers; give "
            f"it one of these before the loop, or do not change it inside."
        )

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
            reason = (
                f"{self.line}`{self.name}` gets its value inside of a loop that may make no turn. "
                f"Give it a value before the loop."
            )
            if "." in self.name or "[" in self.name:
                raise UnboundVariableError(reason)
            return Undefined(self.name, reason)
        kept = [array if slot.changes else slot.start for array, slot in zip(arrays, self.slots)]
        value = self._filled(kept)
        return written_back(self.start, value) if self._in_place else value

    def _grown(self, stacked: Sequence[Any], turns: int | None) -> Any:
        if turns is None:
            if self._added:
                raise ArgumentTypeError(
                    f"{self.line}the list `{self.name}` grows in a loop whose number of turns is "
                    f"not known when it is compiled. Append in a `for` over a tensor without "
                    f"`break` or `return`, or write into an array of a fixed size "
                    f"(`x = x.at[i].set(...)`)."
                )
            return self.start
        new = []
        for turn in range(turns):
            given = iter(stacked)
            for leaves, tree in self._added:
                filled = [next(given)[turn] if is_numeric(leaf) else leaf for leaf in leaves]
                new.append(jax.tree_util.tree_unflatten(tree, filled))
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


def _structure(value: Any) -> str:
    if isinstance(value, dict):
        return f"a dict with the keys {sorted(map(repr, value))}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return described(value)


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
