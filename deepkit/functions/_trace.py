"""A function traced once: a compiled program, and the variables that it reads and writes."""

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax

from deepkit.core import host_errors
from deepkit.core.compiler_options import jit
from deepkit.core.errors import ArgumentError
from deepkit.core.interrupts import Interrupts
from deepkit.tensors import TensorSpec, Variable, are_reads_listened_to, unheard

from ._arguments import Given
from ._capturing_scope import CapturingScope
from ._outputs import Outputs

Variables = list["weakref.ref[Variable]"]


class Trace:
    """A compiled program of a stateful function, for inputs of one form.

    The variables that it reads are inputs, and those that it assigns are outputs, whose buffers are
    used again. It does not keep them alive.

    Args:
        function: the function to trace; it runs once, now.
        given: what it is called with.
        name: the function's name, for messages.
        may_create: whether it may make variables.

    Raises:
        ArgumentError: it makes variables where it may not, or variables that nothing holds.
    """

    def __init__(
        self, function: Callable[..., Any], given: Given, name: str, may_create: bool
    ) -> None:
        # Whether all the variables still are.
        self.is_alive = True
        traced: list[tuple[CapturingScope, list[Any], list[Any]]] = []

        def run(*arrays: Any) -> tuple[list[Any], list[Any], list[Any]]:
            scope = CapturingScope()
            args, kwargs = given.rebuilt(arrays)
            with scope:
                self._outputs = Outputs(function(*args, **kwargs))
                values = [scope.get_current_value(variable) for variable in scope.written()]
            outputs = self._outputs.arrays
            traced.append((scope, [*arrays, *outputs], values))
            return outputs, values, scope.losses

        changes = Variable.changes_of_trainable
        with unheard():
            jaxpr = jax.make_jaxpr(run)(*map(_example, given.arrays))
        scope, others, values = traced.pop()
        self._specs = [TensorSpec(a.shape, a.dtype) for a in self._outputs.arrays]
        self._sort_variables(scope, others, values)
        self._changes = Variable.changes_of_trainable
        # A function that freezes and unfreezes parts itself does not depend on how they were.
        self._trainable = self._trainable_now() if self._changes == changes else None
        self._owners = [owner and weakref.ref(owner) for owner in scope.loss_owners()]
        # What calls Python back may raise when it runs, and values must not be lost then.
        self._donates = not jaxpr.effects
        sizes = len(self._specs), len(values), len(scope.losses)
        self._program = _program(jaxpr, scope.places_in(jaxpr.consts), self._order, sizes)
        self._outputs.forget_arrays()
        created = scope.created
        self.creates = bool(created)
        # Then it makes the first values of variables, and is right for one call only.
        self.is_for_once = any(r() is not None and r().awaits_value for r in created)
        del scope, others, values
        _check_created(created, name, may_create)
        self._compiled: dict[bool, Any] = {}

    def _sort_variables(
        self, scope: CapturingScope, others: Sequence[Any], values: Sequence[Any]
    ) -> None:
        """Say which variables go in with their buffers given away, go in, and come out."""
        written = scope.written()
        identities = {id(variable) for variable in written}
        overwritten = [v for v in scope.captured if id(v) in identities]
        kept = [v for v in scope.captured if id(v) not in identities]
        self._overwritten = self._references(overwritten)
        self._kept, self._written = self._references(kept), self._references(written)
        # For each captured variable, its place among all that go in.
        places = {id(variable): place for place, variable in enumerate([*overwritten, *kept])}
        self._order = [places[id(variable)] for variable in scope.captured]
        # An array that comes out twice, or goes in and out, may have one buffer for all.
        tracers = [scope.captured_value(variable) for variable in scope.captured]
        seen = [id(value) for value in (*others, *tracers, *values)]
        self._exposed = [i for i, value in enumerate(values) if seen.count(id(value)) > 1]
        returned = {id(value) for value in (*others, *values)}
        self._hands_out = [id(scope.captured_value(v)) in returned for v in kept]

    def _references(self, variables: Sequence[Variable]) -> Variables:
        trace = weakref.ref(self)

        def note_death(_: Any) -> None:
            if trace() is not None:
                trace().is_alive = False

        return [weakref.ref(variable, note_death) for variable in variables]

    def holds(self) -> bool:
        """Whether all the variables still are, and are trainable or not as they were."""
        if self.is_alive and self._changes != Variable.changes_of_trainable:
            changes = Variable.changes_of_trainable
            if self._trainable is not None and self._trainable_now() != self._trainable:
                return False
            self._changes = changes
        return self.is_alive

    def _trainable_now(self) -> list[bool]:
        return [variable.trainable for variable in self.variables]

    @property
    def variables(self) -> list[Variable]:
        """The variables that are read or written, as far as they live."""
        references = (*self._overwritten, *self._kept, *self._written)
        living = [v for v in (reference() for reference in references) if v is not None]
        return list({id(variable): variable for variable in living}.values())

    def structured_specs(self) -> Any:
        """The result, with specifications in the place of arrays."""
        return self._outputs.structured(self._specs)

    def run(self, arrays: Sequence[Any]) -> Any:
        """The result for input arrays; variables have their new values then."""
        overwritten = [reference() for reference in self._overwritten]
        donates = self._donates and not are_reads_listened_to()
        if donates:
            values = Variable.take_all_for_donation(overwritten)
        else:
            values = [variable.stored_value() for variable in overwritten]
        outputs, losses = self._run_program(donates, values, arrays)
        if self._owners:
            self._give_losses(losses)
        return self._outputs.structured(outputs)

    def _run_program(
        self, donates: bool, values: Sequence[Any], arrays: Sequence[Any]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """Run it, and set the variables; a Ctrl-C does not come in between."""
        is_new = donates not in self._compiled
        program = self._compiled_program(donates)
        if not self._donates:
            program = functools.partial(_run_to_its_end, program)
        inputs = ([values], [self._kept_values()], [arrays])
        results: list[Any] = []
        try:
            # A Ctrl-C strikes between operations of Python. This is one, which has the results in
            # the list when it ends; not so in the first call, where JAX itself runs Python.
            if is_new:
                with Interrupts().held():
                    results.extend(map(program, *inputs))
            else:
                results.extend(map(program, *inputs))
            self._put_back(results)
        except BaseException:
            self._put_back(results)
            raise
        return results[0][0], results[0][2]

    def _put_back(self, results: Sequence[Any]) -> None:
        for _, values, _ in results:
            Variable.put_all_back([reference() for reference in self._written], values)
            for place in self._exposed:
                self._written[place]().put_back(values[place], exposed=True)

    def _kept_values(self) -> list[Any]:
        if are_reads_listened_to():
            return [reference().stored_value() for reference in self._kept]
        return [
            reference().stored_value() if hands_out else reference().concrete_value()
            for reference, hands_out in zip(self._kept, self._hands_out)
        ]

    def _compiled_program(self, donates: bool) -> Any:
        compiled = self._compiled.get(donates)
        if compiled is None:
            options = {"donate_argnums": 0} if donates else {}
            compiled = self._compiled[donates] = jit(self._program, **options)
        return compiled

    def _give_losses(self, losses: Sequence[Any]) -> None:
        """Let the layers that added losses have those of this call."""
        by_owner: dict[Any, list[Any]] = {}
        for reference, loss in zip(self._owners, losses):
            if reference is not None and reference() is not None:
                by_owner.setdefault(reference, []).append(loss)
        for reference, of_owner in by_owner.items():
            reference().replace_losses(of_owner)


def _run_to_its_end(program: Callable[..., Any], *given: Any) -> Any:
    """Run a program that calls Python back, whose errors have to come before values are set."""
    with host_errors.as_raised():
        return jax.block_until_ready(program(*given))


def _example(array: Any) -> Any:
    return array.as_struct() if isinstance(array, TensorSpec) else array


def _program(
    jaxpr: Any, places: Sequence[int], order: Sequence[int], sizes: Sequence[int]
) -> Callable[..., Any]:
    """A function of values of variables and of inputs.

    Args:
        jaxpr: the program, which closes over placeholders of the variables.
        places: for each constant, the captured variable that it stands for, or -1.
        order: for each captured variable, its place among all values that go in.
        sizes: the numbers of outputs of each kind.
    """
    consts = [None if place >= 0 else const for place, const in zip(places, jaxpr.consts)]
    open_jaxpr = jaxpr.jaxpr

    def run(overwritten: Sequence[Any], kept: Sequence[Any], arrays: Sequence[Any]) -> Any:
        # Placeholders have one more axis than the values that they stand for.
        state = [value.reshape(1, *value.shape) for value in (*overwritten, *kept)]
        given = [c if place < 0 else state[order[place]] for c, place in zip(consts, places)]
        results = iter(jax.core.eval_jaxpr(open_jaxpr, given, *arrays))
        return tuple([next(results) for _ in range(size)] for size in sizes)

    return run


def _check_created(created: Sequence["weakref.ref[Variable]"], name: str, may_create: bool) -> None:
    if not created:
        return
    if any(reference() is None for reference in created):
        raise ArgumentError(
            f"The function '{name}' makes variables that nothing holds when it has returned, so "
            f"each call would need new ones. Make them outside of it, or once and keep them: "
            f"`if self.v is None: self.v = deepkit.Variable(...)`."
        )
    if not may_create:
        paths = [reference().path for reference in created]
        raise ArgumentError(
            f"The function '{name}' made the variables {paths} in a call after its first. A "
            f"compiled function may make variables in its first call only. Make them outside of "
            f"it, or once and keep them: `if self.v is None: self.v = deepkit.Variable(...)`."
        )
