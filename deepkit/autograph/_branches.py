"""`if` statements and conditional expressions on values that are known when the program runs."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import DeepkitError
from deepkit.ops._lifting import Carried, Recording, Values, record

from . import _region
from ._location import user_line
from ._merging import Traced, merged
from ._specs import Spec, cast, is_number, is_numeric, is_traced, placeholder, plain
from ._undefined import is_undefined
from ._values import Growing, copied, flatten, in_order_of, truth, written_back

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
        self.ends: list[Traced] = []
        self.recording: Recording = record(lambda: self._trace(run), (), Carried())

    def _trace(self, run: Callable[[], State]) -> list[jax.Array]:
        self.ends = [Traced(value, *flatten(value)) for value in run()]
        self._places: dict[tuple[int, int], int] = {}
        arrays = []
        for i, end in enumerate(self.ends):
            for j, leaf in enumerate(end.leaves):
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
            if is_undefined(self.ends[i].value):
                leaves.append(placeholder(spec))
            else:
                place = self._places.get((i, j))
                leaf = self.ends[i].leaves[j] if place is None else arrays[place]
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
    results = [merged(n, a, b, line) for n, a, b in zip(names, ways[0].ends, ways[1].ends)]
    wanted = [
        (i, j, leaf) for i, r in enumerate(results) for j, leaf in enumerate(r[0]) if _is_spec(leaf)
    ]
    carried = _union(ways)
    before = carried.read()
    branches = [lambda way=way: way.results(wanted, carried, before) for way in ways]
    arrays, values = jax.lax.cond(condition, *branches)
    carried.write(values)
    given = iter(arrays)
    pairs = []
    for (leaves, tree), one, other in zip(results, ways[0].ends, ways[1].ends):
        filled = [next(given) if _is_spec(leaf) else leaf for leaf in leaves]
        value = _filled(tree, filled, one.value, other.value)
        pairs.append((value, (one.value, other.value)))
    return pairs


def _filled(tree: Any, leaves: Sequence[Any], one: Any, other: Any) -> Any:
    """A value of its leaves, as the ends of the two ways are."""
    if one is other:
        return one
    value = jax.tree_util.tree_unflatten(tree, leaves)
    if Growing in (type(one), type(other)):
        return Growing(value)
    return in_order_of(value, one)


def _is_spec(leaf: Any) -> bool:
    return type(leaf) is Spec


def _union(ways: Sequence[_Way]) -> Carried:
    variables = {id(v): v for way in ways for v in way.recording.carried.variables}
    owners = {id(o): o for way in ways for o in way.recording.carried.owners}
    return Carried(list(variables.values()), list(owners.values()))


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
