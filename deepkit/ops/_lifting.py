"""Carries what stateful code changes inside `cond`, `scan` and their kin out of them, as values.

That is the variables that it assigns, the random numbers that it draws and the losses that it adds.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import jaxpr_as_fun

from deepkit.core import tree
from deepkit.core.errors import StateError
from deepkit.tensors import AutocastScope, StatelessScope, Variable, loss_scope

Values = tuple[jax.Array, ...]
MOST_TRACES = 20


@dataclasses.dataclass
class Carried:
    """What goes through the control flow beside its own values.

    Args:
        variables: those whose state changes, seeds among them.
        owners: those that add losses; each has one sum of them.
    """

    variables: list[Variable] = dataclasses.field(default_factory=list)
    owners: list[Any] = dataclasses.field(default_factory=list)

    def read(self) -> Values:
        """The values at the start, each variable's in its own dtype."""
        with AutocastScope(None):
            values = tuple(variable.value for variable in self.variables)
        return (*values, *(jnp.zeros((), "float32") for _ in self.owners))

    def write(self, values: Values) -> None:
        """Bring the values at the end back to where they belong."""
        for variable, value in zip(self.variables, values):
            variable.assign(value)
        for owner, total in zip(self.owners, values[len(self.variables) :]):
            if owner is not None:
                owner.add_loss(total)
            elif loss_scope() is not None:
                loss_scope().add_loss(total)


class _Scope(StatelessScope):
    """A scope that also notes who adds losses."""

    def __init__(self, state_mapping: Iterable[tuple[Variable, Any]]) -> None:
        super().__init__(state_mapping, collect_losses=True)
        self.owners: list[Any] = []

    def add_loss(self, loss: jax.Array, owner: Any = None) -> None:
        """Collect a loss, and whose it is."""
        super().add_loss(loss, owner)
        self.owners.append(owner)


class _Undeclared(Exception):
    """A signal to `lift`: code changed state whose values it was not given."""

    def __init__(self, variables: list[Variable], owners: list[Any]) -> None:
        super().__init__()
        self.variables, self.owners = variables, owners


def lift(attempt: Callable[[Carried, Values], tuple[Any, Values]]) -> Any:
    """The result of control flow whose functions may change state.

    Code without state is traced once. Where it turns out to change some, `attempt` is called again
    with that, so that its values go through the control flow like any others.

    Args:
        attempt: runs the control flow, each function of it through `run`; returns its result and
            the new values of the state.

    Raises:
        StateError: it changes other variables each time that it is traced.
    """
    carried = Carried()
    for _ in range(MOST_TRACES):
        try:
            result, values = attempt(carried, carried.read())
        except _Undeclared as undeclared:
            carried.variables += undeclared.variables
            carried.owners += undeclared.owners
            continue
        carried.write(values)
        return result
    raise StateError(
        "Each time that a function given to `cond`, `scan` or another loop is traced, it changes "
        "other variables. Make `deepkit.Variable`s and layers before."
    )


def run(
    function: Callable[..., Any], arguments: Sequence[Any], carried: Carried, values: Values
) -> tuple[Any, Values]:
    """Call stateful code as a pure function of the values of its state."""
    with _Scope(zip(carried.variables, values)) as scope:
        result = tree.map_structure(_plain, function(*arguments))
    variables = _new(scope.written(), carried.variables)
    owners = _new(scope.owners, carried.owners)
    if variables or owners:
        raise _Undeclared(variables, owners)
    totals = values[len(carried.variables) :]
    return result, (
        *(scope.get_current_value(variable) for variable in carried.variables),
        *(_add(total, scope.losses_of([owner])) for owner, total in zip(carried.owners, totals)),
    )


@dataclasses.dataclass
class Recording:
    """A stateful function, traced once, to be run again as a pure one without its Python code.

    Args:
        carried: the state that it was given, then the state that it turned out to change besides.
        given: how many variables and owners of `carried` it was given.
    """

    carried: Carried
    given: tuple[int, int]
    _program: Any

    @property
    def is_complete(self) -> bool:
        """Whether it was given all the state that it changes."""
        return self.given == (len(self.carried.variables), len(self.carried.owners))

    def __call__(self, arguments: Sequence[Any], values: Values) -> tuple[list[Any], Values]:
        """The outputs and the new values of `carried`, of arguments and the given values."""
        results = jaxpr_as_fun(self._program)(*arguments, *values)
        count = len(self.carried.variables) + len(self.carried.owners)
        split = len(results) - count
        return list(results[:split]), tuple(results[split:])


def record(
    function: Callable[..., Sequence[jax.Array]], arguments: Sequence[Any], carried: Carried
) -> Recording:
    """Trace a stateful function of arrays, once.

    Args:
        function: returns arrays.
        arguments: the types of its arguments.
        carried: the state whose values it is to be given.
    """
    recording = Recording(
        Carried(list(carried.variables), list(carried.owners)),
        (len(carried.variables), len(carried.owners)),
        None,
    )
    everything = recording.carried

    def pure(arguments: Sequence[Any], values: Values) -> list[Any]:
        with _Scope(zip(carried.variables, values)) as scope:
            outputs = function(*arguments)
        everything.variables += _new(scope.written(), carried.variables)
        everything.owners += _new(scope.owners, carried.owners)
        totals = list(values[len(carried.variables) :])
        totals += [jnp.zeros((), "float32")] * (len(everything.owners) - len(totals))
        return [
            *outputs,
            *(scope.get_current_value(variable) for variable in everything.variables),
            *(_add(t, scope.losses_of([o])) for o, t in zip(everything.owners, totals)),
        ]

    recording._program = jax.make_jaxpr(pure)(list(arguments), carried.read())
    return recording


def _new(found: Sequence[Any], known: Sequence[Any]) -> list[Any]:
    """What was found and is not known, once each; compared by identity."""
    seen = {id(item) for item in known}
    return [item for item in {id(item): item for item in found}.values() if id(item) not in seen]


def _add(total: jax.Array, losses: Sequence[jax.Array]) -> jax.Array:
    return sum((jnp.asarray(loss, "float32") for loss in losses), start=total)


def _plain(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Variable) else leaf
