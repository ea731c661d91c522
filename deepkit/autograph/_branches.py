"""`if` statements and conditional expressions on values that are known when the program runs."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import (
    ArgumentTypeError,
    DeepkitError,
    DTypeError,
    ShapeError,
    UnboundVariableError,
)
from deepkit.ops._lifting import Carried, Recording, Values, record

from . import _region
from ._location import user_line
from ._specs import (
    Conflict,
    Spec,
    cast,
    described,
    is_number,
    is_numeric,
    is_traced,
    joined,
    placeholder,
    plain,
    same,
    spec_of,
)
from ._undefined import Undefined, UndefinedReturnValue, is_undefined
from ._values import Growing, copied, flatten, truth, written_back

State = tuple[Any, ...]


def if_stmt(
    condition: Any,
    body: Callable[[], None],
    orelse: Callable[[], None],
    get_state: Callable[[], State],
    set_state: Callable[[State], None],
    names: Sequence[str],
    outputs: int,
    outer: Sequence[str] = (),
) -> None:
    """An `if` statement.

    Args:
        condition: its condition.
        body: runs what is to be done if it holds.
        orelse: runs what is to be done otherwise.
        get_state: gives the values of the variables that either changes.
        set_state: sets them.
        names: the names of these variables.
        outputs: how many of them, the first ones, are used afterwards.
        outer: those that are attributes of objects from outside.
    """
    condition = plain(condition)
    if not is_traced(condition):
        if condition:
            body()
        else:
            orelse()
        return
    before = get_state()
    starts: list[State] = []

    def way(block: Callable[[], None]) -> Callable[[], State]:
        def run() -> State:
            start = tuple(map(copied, before))
            starts.append(start)
            set_state(start)
            block()
            return get_state()[:outputs]

        return run

    line = user_line()
    with _region.restoring(set_state, before):
        pairs = choose(truth(condition, "if"), way(body), way(orelse), names, line)
    after = list(before)
    for index, (value, kept) in enumerate(pairs):
        same_objects = all(kept[side] is starts[side][index] for side in (0, 1))
        after[index] = written_back(before[index], value) if same_objects else value
    _region.refuse_outer_changes(names, before, after, outer, "an `if`", set_state)
    set_state(tuple(after))


def if_exp(
    condition: Any, if_true: Callable[[], Any], if_false: Callable[[], Any], text: str
) -> Any:
    """`if_true() if condition else if_false()`."""
    condition = plain(condition)
    if not is_traced(condition):
        return if_true() if condition else if_false()
    ways = (lambda: (if_true(),), lambda: (if_false(),))
    condition = truth(condition, "if")
    ((value, _),) = choose(condition, *ways, ("the value",), user_line())
    return value


class _Way:
    """One of two ways, traced.

    Args:
        run: returns the values of the variables.
    """

    def __init__(self, run: Callable[[], State]) -> None:
        self.values: State = ()
        self.leaves: list[list[Any]] = []
        self.trees: list[Any] = []
        self.recording: Recording = record(lambda: self._trace(run), (), Carried())

    def _trace(self, run: Callable[[], State]) -> list[jax.Array]:
        self.values = run()
        for value in self.values:
            leaves, tree = flatten(value)
            self.leaves.append(leaves)
            self.trees.append(tree)
        self._places: dict[tuple[int, int], int] = {}
        arrays = []
        for i, leaves in enumerate(self.leaves):
            for j, leaf in enumerate(leaves):
                if is_numeric(leaf) and not is_number(leaf):
                    self._places[i, j] = len(arrays)
                    arrays.append(jnp.asarray(plain(leaf)))
        return arrays

    def results(
        self, wanted: Sequence[tuple[int, int, Spec]], carried: Carried, before: Values
    ) -> tuple[list[jax.Array], Values]:
        """The wanted leaves, each in its type, and the state at the end."""
        arrays, values = self.recording((), ())
        leaves = []
        for i, j, spec in wanted:
            if is_undefined(self.values[i]):
                leaves.append(placeholder(spec))
            else:
                place = self._places.get((i, j))
                leaf = self.leaves[i][j] if place is None else arrays[place]
                leaves.append(cast(leaf, spec))
        mine = self.recording.carried
        found = {id(key): value for key, value in zip([*mine.variables, *mine.owners], values)}
        keys = [*carried.variables, *carried.owners]
        state = tuple(found.get(id(key), value) for key, value in zip(keys, before))
        return leaves, state


def choose(
    condition: jax.Array,
    then: Callable[[], State],
    otherwise: Callable[[], State],
    names: Sequence[str],
    line: str,
) -> list[tuple[Any, tuple[Any, Any]]]:
    """Run one of two ways when the program runs.

    Args:
        condition: a boolean.
        then: returns values, one for each name.
        otherwise: likewise.
        names: for messages.
        line: where the user wrote it.

    Returns:
        For each name the value, and the values at the ends of the two ways as they were traced.
    """
    with _region.entered(), _noting_both_ways(line):
        ways = (_Way(then), _Way(otherwise))
    merged = [_merge(i, name, *ways, line) for i, name in enumerate(names[: len(ways[0].values)])]
    wanted = [
        (i, j, leaf) for i, m in enumerate(merged) for j, leaf in enumerate(m[0]) if _is_spec(leaf)
    ]
    carried = _union(ways)
    before = carried.read()
    branches = [lambda way=way: way.results(wanted, carried, before) for way in ways]
    arrays, values = jax.lax.cond(condition, *branches)
    carried.write(values)
    results = iter(arrays)
    pairs = []
    for i, (leaves, tree) in enumerate(merged):
        filled = [next(results) if _is_spec(leaf) else leaf for leaf in leaves]
        value = jax.tree_util.tree_unflatten(tree, filled)
        ends = (ways[0].values[i], ways[1].values[i])
        if any(type(end) is Growing for end in ends):
            value = Growing(value)
        elif ends[0] is ends[1]:
            value = ends[0]
        pairs.append((value, ends))
    return pairs


def _is_spec(leaf: Any) -> bool:
    return type(leaf) is Spec


def _union(ways: Sequence[_Way]) -> Carried:
    variables = {id(v): v for way in ways for v in way.recording.carried.variables}
    owners = {id(o): o for way in ways for o in way.recording.carried.owners}
    return Carried(list(variables.values()), list(owners.values()))


def _merge(i: int, name: str, a: _Way, b: _Way, line: str) -> tuple[list[Any], Any]:
    """The leaves of what a variable holds after both ways, and their structure.

    A leaf is a `Spec` where it depends on the way, else the value itself.
    """
    first, second = a.values[i], b.values[i]
    if is_undefined(first) or is_undefined(second):
        return _merge_undefined(i, name, a, b, line)
    if a.trees[i] != b.trees[i]:
        if first is None or second is None:
            raise ArgumentTypeError(_object_message(name, first, second, line))
        raise ArgumentTypeError(_structure_message(name, first, second, line))
    leaves = [_merge_leaf(name, x, y, line) for x, y in zip(a.leaves[i], b.leaves[i])]
    return leaves, a.trees[i]


def _merge_undefined(i: int, name: str, a: _Way, b: _Way, line: str) -> tuple[list[Any], Any]:
    first, second = a.values[i], b.values[i]
    both = is_undefined(first) and is_undefined(second)
    if both:
        return [second if getattr(first, "reason", None) is None else first], a.trees[i]
    if UndefinedReturnValue not in (type(first), type(second)):
        reason = (
            f"{line}`{name}` gets a value in one branch of the `if` only, and the condition is "
            f"known only when the program runs. Give it a value before the `if` or in both "
            f"branches."
        )
        if "." in name or "[" in name:
            raise UnboundVariableError(reason)
        return flatten(Undefined(name, reason))
    way = b if is_undefined(first) else a
    leaves = [
        spec_of(leaf) if is_numeric(leaf) and not is_number(leaf) else leaf
        for leaf in way.leaves[i]
    ]
    return leaves, way.trees[i]


def _merge_leaf(name: str, x: Any, y: Any, line: str) -> Any:
    if same(x, y):
        return x
    if is_numeric(x) and is_numeric(y):
        one, other = spec_of(x), spec_of(y)
        try:
            return joined(one, other)
        except Conflict as conflict:
            if conflict.kind == "shape":
                raise ShapeError(
                    f"{line}{_subject(name)} is {one} in one branch and {other} in the other, but "
                    f"compiled branches give the same shape. Pad or broadcast one of them."
                ) from None
            raise DTypeError(
                f"{line}{_subject(name)} is {one} in one branch and {other} in the other, but "
                f"compiled branches give the same dtype. Cast one of them, for instance by "
                f"`deepkit.ops.cast`."
            ) from None
    raise ArgumentTypeError(_object_message(name, x, y, line))


def _object_message(name: str, x: Any, y: Any, line: str) -> str:
    return (
        f"{line}{_subject(name)} is {described(x)} in one branch and {described(y)} in the other, "
        f"and the condition is known only when the program runs. Only arrays and numbers can "
        f"depend on it: make both of them arrays, or decide by a Python value."
    )


def _subject(name: str) -> str:
    """A variable in a message; the value of a function has a made-up name."""
    if name.startswith("retval_"):
        return "the value that the function returns"
    return name if " " in name else f"`{name}`"


def _structure_message(name: str, first: Any, second: Any, line: str) -> str:
    if type(first) is Growing or (isinstance(first, list) and isinstance(second, list)):
        return (
            f"{line}the list {_subject(name)} has {len(flatten(first)[0])} arrays after one branch "
            f"and {len(flatten(second)[0])} after the other, and the condition is known only when "
            f"the program runs. Append in both branches, for instance a zero where there is "
            f"nothing to keep."
        )
    return (
        f"{line}{_subject(name)} has another structure in each branch: {_structure(first)} and "
        f"{_structure(second)}. Compiled branches give the same structure: the same keys, lengths "
        f"and nesting."
    )


def _structure(value: Any) -> str:
    if is_numeric(value) or not isinstance(value, dict | list | tuple):
        return described(value)
    if isinstance(value, dict):
        return f"a dict with the keys {sorted(map(repr, value))}"
    return f"a {type(value).__name__} of {len(value)}"


@contextlib.contextmanager
def _noting_both_ways(line: str) -> Iterator[None]:
    """Say of an error of the user's that both branches are run to be compiled."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, DeepkitError) and not getattr(error, "_deepkit_way", False):
            error._deepkit_way = True  # type: ignore[attr-defined]
            error.add_note(
                f"{line}raised while both branches of an `if` were traced, whose condition is "
                f"known only when the program runs. If it comes from a `raise` there: it cannot "
                f"depend on the condition; use `assert`, which is checked at run time."
            )
        raise
