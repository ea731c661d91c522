"""Compiled steps: pure functions over a flat tuple of variable values, with donated buffers."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from deepkit.autograph import convert_on_demand
from deepkit.core.compiler_options import jit
from deepkit.core.errors import StateError
from deepkit.core.interrupts import Interrupts
from deepkit.tensors import StatelessScope, Variable
from deepkit.training._counted_rows import counting
from deepkit.training._pacing import Pace
from deepkit.training._value_calls import call_on_values


class Program:
    """A stateful step, compiled.

    Args:
        step: takes a batch; returns a tree of arrays.
        variables: gives the state, in a stable order.
        donates: whether the step may overwrite the buffers of the state. Otherwise only what the
            step writes is taken back.
        results: what to return in the place of the step's own result, worked out once after many
            steps; takes nothing.
    """

    def __init__(
        self,
        step: Callable[[Any], Any],
        variables: Callable[[], list[Variable]],
        donates: bool,
        results: Callable[[], Any] | None = None,
    ) -> None:
        self._step = step
        self._variables = variables
        self._donates = donates
        self._results = results
        self._written: dict[str, list[int]] = {}
        self._names: list[str] | None = None
        self.traces = 0
        # What `Padding` has proven, by the structure of batches; `None` where it could not.
        self.proofs: dict[Any, set[tuple[int, int | None]] | None] = {}
        # Whether last batches are filled up, by the shapes of batches: see `may_fill_up`.
        self.fillings: dict[Any, bool] = {}
        # How fast it is, by the shapes of batches.
        self.paces: dict[Any, Pace] = {}
        self.interrupts = Interrupts()
        donated = (0,) if donates else ()
        self._single = jit(self._run_one, donate_argnums=donated)
        self._on_rows = jit(
            self._run_on_rows, donate_argnums=donated, static_argnames=("structure",)
        )
        self._many = jit(
            self._run_many, donate_argnums=donated, static_argnames=("rows", "structure")
        )

    def bind(self) -> "Binding":
        """The program with the variables as they are now; for one run of fit or evaluate."""
        return Binding(self, self._variables())

    def call(self, compiled: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run one of the compiled functions.

        Where JAX cannot trace code of the user's, because an `if` or a loop depends on tensors, it
        is traced again with that code converted.
        """
        return convert_on_demand(lambda: compiled(*args, **kwargs))

    def _pure(self, values: Sequence[Any], batch: Any, kind: str) -> tuple[tuple[Any, ...], Any]:
        variables = self._variables()
        scope = StatelessScope(zip(variables, values), collect_losses=True)
        with self.interrupts.allowed(), scope:
            result = self._noted(self._step(batch))
            self._note_written(kind, scope.written(), variables)
            return tuple(_strong(scope.get_current_value(v)) for v in variables), result

    def _note_written(self, kind: str, written: list[Variable], variables: list[Variable]) -> None:
        places = {id(variable): place for place, variable in enumerate(variables)}
        unknown = [variable.path for variable in written if id(variable) not in places]
        if unknown:
            raise StateError(
                f"The step changed the variables {unknown}, which do not belong to the model, its "
                f"optimizer or its metrics, so their values would be lost. Make them attributes "
                f"of the model or of a layer, in the constructor or in `build`."
            )
        self._written[kind] = sorted(places[id(variable)] for variable in written)

    def _finish(self, values: Sequence[Any], result: Any) -> Any:
        if self._results is not None:
            with StatelessScope(zip(self._variables(), values)):
                result = self._noted(self._results())
        return jax.tree.map(jnp.asarray, result)

    def _noted(self, result: Any) -> Any:
        """A result as arrays; the order of its keys is noted, as JAX sorts the keys of dicts."""
        self._names = list(result) if isinstance(result, dict) else None
        # The values of variables are right only as long as the scope is open.
        return jax.tree.map(
            lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf,
            result,
            is_leaf=lambda leaf: isinstance(leaf, Variable),
        )

    def in_order(self, result: Any) -> Any:
        """A result with the keys in the order in which the step gave them."""
        return result if self._names is None else {name: result[name] for name in self._names}

    def _returned(self, values: tuple[Any, ...], kind: str) -> tuple[Any, ...]:
        """All values if their buffers were donated, else those that the step wrote."""
        return values if self._donates else tuple(values[i] for i in self._written[kind])

    def _run_one(self, values: Sequence[Any], batch: Any) -> tuple[tuple[Any, ...], Any]:
        self.traces += 1
        new_values, result = self._pure(values, batch, "one")
        return self._returned(new_values, "one"), self._finish(new_values, result)

    def _run_on_rows(
        self, values: Sequence[Any], arrays: Sequence[Any], rows: Any, structure: Any
    ) -> tuple[tuple[Any, ...], Any]:
        batch = jax.tree.unflatten(structure, [_taken(array, rows) for array in arrays])
        return self._run_one(values, batch)

    def _run_many(
        self,
        values: Sequence[Any],
        arrays: Sequence[Any],
        order: Any,
        start: Any,
        stop: Any,
        count: Any,
        rows: int,
        structure: Any,
    ) -> tuple[tuple[Any, ...], Any]:
        """Steps `start` to `stop` over rows of arrays; the number of steps is no constant."""
        self.traces += 1

        def pure(values: Any, i: Any) -> tuple[tuple[Any, ...], Any]:
            places = i * rows + jnp.arange(rows, dtype="int32")
            with counting(None if count is None else places < count):
                return self._pure(values, batch_at(i), "many")

        def batch_at(i: Any) -> Any:
            leaves = [_rows_of(array, order, i * rows, rows) for array in arrays]
            return jax.tree.unflatten(structure, leaves)

        def turn(i: Any, carry: Any) -> Any:
            new_values, result = pure(carry[0], i)
            return new_values, (carry[1] if self._results is not None else result)

        first: Any = ()
        if self._results is None:
            shapes = jax.eval_shape(lambda v: pure(v, 0)[1], values)
            first = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
        new_values, result = lax.fori_loop(start, stop, turn, (tuple(values), first))
        return self._returned(new_values, "many"), self._finish(new_values, result)


class Binding:
    """A program together with the variables that it reads and writes now.

    Args:
        program: the program.
        variables: the variables, in the program's order.
    """

    def __init__(self, program: Program, variables: list[Variable]) -> None:
        self.program = program
        self.variables = variables

    def step(self, batch: Any) -> Any:
        """Run one step on a batch; returns its result, which may not be computed yet."""
        return self._call("one", self.program._single, batch)

    def traced(self, batch: Any) -> Any:
        """What one step on a batch computes, as a jaxpr; `None` if it writes state.

        The step is not traced again when it runs.
        """
        traced = call_on_values(self.program._single.trace, self.variables, batch)
        return None if self.program._written["one"] else traced.jaxpr

    def step_on_rows(self, arrays: Sequence[Any], rows: Any, structure: Any) -> Any:
        """Run one step on some rows of arrays that are on the device; see `step` and `steps`."""
        return self._call("one", self.program._on_rows, arrays, rows, structure=structure)

    def steps(
        self,
        arrays: Sequence[Any],
        order: Any,
        start: int,
        stop: int,
        rows: int,
        structure: Any,
        count: int | None = None,
    ) -> Any:
        """Run steps on rows of arrays that are on the device already.

        Args:
            arrays: the leaves of the data, each with a row for each sample.
            order: the rows in the order in which they are taken; `None` as they are.
            start: the first step.
            stop: the step before which to end.
            rows: rows of a step.
            structure: the tree of a batch, of JAX.
            count: how many rows of all steps count, the first ones; all if `None`.
        """
        run, options = self.program._many, {"rows": rows, "structure": structure}
        return self._call("many", run, arrays, order, start, stop, count, **options)

    def _call(self, kind: str, compiled: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        program = self.program
        if program._donates:
            values = tuple(variable.take_for_donation() for variable in self.variables)
            with program.interrupts.held():
                changed, result = program.call(compiled, values, *args, **kwargs)
                for variable, value in zip(self.variables, changed):
                    variable.put_back(value)
            return program.in_order(result)
        run = functools.partial(program.call, compiled)
        changed, result = call_on_values(run, self.variables, *args, **kwargs)
        for index, value in zip(program._written[kind], changed):
            self.variables[index].put_back(value)
        return program.in_order(result)


def _rows_of(array: Any, order: Any, start: Any, rows: int) -> Any:
    if order is None:
        return lax.dynamic_slice_in_dim(array, start, rows)
    index = lax.dynamic_slice_in_dim(order, start, rows)
    return _taken(array, index)


def _taken(array: Any, index: Any) -> Any:
    return array.at[index].get(mode="promise_in_bounds")


def _strong(value: Any) -> Any:
    """The value without JAX's weak type, so that a loop carries what it started with."""
    return lax.convert_element_type(value, value.dtype)
