"""Loops that run in the compiled program: a turn is traced once, and then scanned or repeated."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import StateError
from deepkit.ops._lifting import MOST_TRACES, Carried, Recording, Values, record

from . import _region
from ._forward_only import forward_only
from ._iterables import Staged
from ._location import user_line
from ._loop_state import LoopVariable, split, starting_arrays
from ._specs import plain
from ._values import flatten, truth

State = tuple[Any, ...]


class CompiledLoop:
    """A loop whose number of turns, or whose elements, are known only when the program runs.

    A turn of Python code is traced, and traced anew if it turns out that a variable needs another
    type (`total = 0`, to which floats are added) or that it changes state (a `Variable`, a seed,
    added losses) that must go from turn to turn too.

    Args:
        statement: `"for"` or `"while"`.
        get_state: gives the values of the variables that a turn changes.
        set_state: sets them.
        names: the names of these variables.
        appended: those of the names to which the loop appends.
        outer: those that are attributes of objects from outside.
    """

    def __init__(
        self,
        statement: str,
        get_state: Callable[[], State],
        set_state: Callable[[State], None],
        names: Sequence[str],
        appended: Sequence[str],
        outer: Sequence[str],
    ) -> None:
        self._statement, self._line = statement, user_line()
        self._get_state, self._set_state = get_state, set_state
        self._names, self._outer = names, outer
        self._before = get_state()
        self._variables = [
            LoopVariable(name, start, name in appended, self._line)
            for name, start in zip(names, self._before)
        ]

    def trace(
        self,
        body: Callable[[Any], None],
        arrays: Sequence[jax.Array],
        over: Staged | None,
        test: Callable[[], Any] | None,
    ) -> None:
        """Trace a turn, and the test of whether there is another one.

        Args:
            body: runs a turn for an element.
            arrays: what is sliced along the first axis, for the elements.
            over: what makes elements of the slices; `None` if there are no elements.
            test: whether there is another turn; `None` if nothing but the elements says so.
        """
        self._arrays, self._over = arrays, over
        with _region.restoring(self._set_state, self._before), _region.entered():
            self._turn = self._traced_turn(body)
            self._test = None if test is None else self._traced_test(test)

    def _traced_turn(self, body: Callable[[Any], None]) -> Recording:
        carried = Carried()
        slices = [jax.typeof(jax.lax.index_in_dim(a, 0, keepdims=False)) for a in self._arrays]
        for _ in range(MOST_TRACES):
            self._is_settled = False
            avals = [jax.typeof(jnp.asarray(0)), *slices, *self._given_avals()]
            recording = record(lambda *given: self._run_turn(body, given), avals, carried)
            carried = recording.carried
            if self._is_settled and recording.is_complete:
                return recording
        raise StateError(
            f"{self._line}each time that the turn of this `{self._statement}` is traced it changes "
            f"other variables. Make `deepkit.Variable`s and layers before the loop."
        )

    def _given_avals(self) -> list[Any]:
        return [slot.spec.aval for variable in self._variables for slot in variable.given_slots]

    def _run_turn(self, body: Callable[[Any], None], given: Sequence[Any]) -> list[jax.Array]:
        turn, slices = given[0], given[1 : 1 + len(self._arrays)]
        values = self._inside(given[1 + len(self._arrays) :])
        leaves = [flatten(value)[0] for value in values]
        self._set_state(tuple(values))
        body(None if self._over is None else self._over.element(turn, slices))
        after = self._get_state()
        again = [
            variable.fit(*parts) for variable, *parts in zip(self._variables, values, leaves, after)
        ]
        if any(again):
            return []
        self._is_settled = True
        ends = [v.arrays(value) for v, value in zip(self._variables, after)]
        added = [variable.appended_arrays() for variable in self._variables]
        return [array for arrays in (*ends, *added) for array in arrays]

    def _inside(self, arrays: Sequence[Any]) -> list[Any]:
        groups = split(arrays, [len(variable.given_slots) for variable in self._variables])
        return [variable.inside(group) for variable, group in zip(self._variables, groups)]

    def _traced_test(self, test: Callable[[], Any]) -> Recording:
        def run(*given: Any) -> list[jax.Array]:
            self._set_state(tuple(self._inside(given)))
            return [truth(plain(test()), self._statement)]

        recording = record(run, self._given_avals(), self._turn.carried)
        if not recording.is_complete:
            raise StateError(
                f"{self._line}the condition of a compiled `{self._statement}` changes a variable, "
                f"draws a random number or adds a loss. Do that in the body of the loop."
            )
        return recording

    def _given(self, arrays: Sequence[Any]) -> list[Any]:
        """Those of the arrays that a turn is given."""
        groups = split(arrays, [len(variable.slots) for variable in self._variables])
        return [
            array
            for variable, group in zip(self._variables, groups)
            if not variable.is_late
            for array in group
        ]

    def _step(
        self, turn: Any, slices: Sequence[Any], arrays: Sequence[Any], values: Values
    ) -> tuple[list[Any], list[Any], Values]:
        """The arrays after a turn, what it appended, and the state."""
        results, values = self._turn([turn, *slices, *self._given(arrays)], values)
        return results[: len(arrays)], results[len(arrays) :], values

    def _goes_on(self, turn: Any, arrays: Sequence[Any], values: Values) -> Any:
        """Whether there is another turn; `True` if that is known."""
        conditions = []
        if self._over is not None and not self._over.is_known:
            conditions.append(turn < self._over.count)
        if self._test is not None:
            conditions.extend(self._test(self._given(arrays), values)[0])
        if not conditions:
            return True
        return conditions[0] if len(conditions) == 1 else jnp.logical_and(*conditions)

    def run_scan(self, length: int) -> None:
        """Run it as a scan, which has gradients; turns after the end do nothing."""
        start = starting_arrays(self._variables)
        masked = self._test is not None or self._over is None or not self._over.is_known

        def step(carry: Any, slices: Sequence[Any]) -> tuple[Any, list[Any]]:
            turn, arrays, values = carry
            if masked:
                arrays, values = self._masked_step(turn, arrays, values, slices, start)
                return (turn + 1, arrays, values), []
            arrays, appended, values = self._step(turn, slices, arrays, values)
            return (turn + 1, arrays, values), appended

        carry = (jnp.asarray(0), start, self._turn.carried.read())
        (_, arrays, values), stacked = jax.lax.scan(step, carry, list(self._arrays), length=length)
        self._turn.carried.write(values)
        self._finish(arrays, stacked, None if masked else length)

    def _masked_step(
        self, turn: Any, arrays: Sequence[Any], values: Values, slices: Any, start: Sequence[Any]
    ) -> tuple[list[Any], Values]:
        active = self._goes_on(turn, arrays, values)

        def go() -> tuple[list[Any], Values]:
            # Under `vmap` both ways run. Finished rows start over, where derivatives are finite.
            safe = [
                jnp.where(active, array, first) if _is_inexact(array) else array
                for array, first in zip(arrays, start)
            ]
            after, _, state = self._step(turn, slices, safe, values)
            return after, state

        return jax.lax.cond(active, go, lambda: (list(arrays), values))

    def run_while(self) -> None:
        """Run it until it ends; it has derivatives in forward mode alone."""

        def goes_on(carry: Any) -> Any:
            return self._goes_on(*carry)

        def step(carry: Any) -> Any:
            turn, arrays, values = carry
            arrays, _, values = self._step(turn, [], arrays, values)
            return turn + 1, arrays, values

        carry = (jnp.asarray(0), starting_arrays(self._variables), self._turn.carried.read())
        _, arrays, values = jax.lax.while_loop(goes_on, step, carry)
        message = (
            f"{self._line}a gradient in reverse cannot be taken through this `{self._statement}`, "
            f"whose number of turns has no bound that is known when it is compiled. Begin its body "
            f"with `deepkit.autograph.set_loop_options(maximum_iterations=...)`."
        )
        arrays, values = jax.tree.map(lambda x: forward_only(x, message), (arrays, values))
        self._turn.carried.write(values)
        self._finish(arrays, [], None)

    def _finish(self, arrays: Sequence[Any], stacked: Sequence[Any], turns: int | None) -> None:
        groups = split(arrays, [len(variable.slots) for variable in self._variables])
        stacks = split(stacked, [variable.appended_count() for variable in self._variables])
        if turns is None:
            stacks = [[] for _ in self._variables]
        after = [
            variable.ended(group, stack, turns)
            for variable, group, stack in zip(self._variables, groups, stacks)
        ]
        _region.refuse_outer_changes(
            self._names,
            self._before,
            after,
            self._outer,
            f"a compiled `{self._statement}`",
            self._set_state,
        )
        self._set_state(tuple(after))


def _is_inexact(array: Any) -> bool:
    return jnp.issubdtype(array.dtype, jnp.inexact)
