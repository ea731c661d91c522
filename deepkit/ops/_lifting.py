"""Carries what stateful code assigns inside `cond`, `scan` and their kin out of them, as values."""

from collections.abc import Callable, Sequence
from typing import Any

import jax

from deepkit.core import tree
from deepkit.tensors import AutocastScope, StatelessScope, Variable

Values = tuple[jax.Array, ...]


class _Undeclared(Exception):
    """Code assigned variables whose values it was not given."""

    def __init__(self, variables: list[Variable]) -> None:
        super().__init__()
        self.variables = variables


def lift(attempt: Callable[[list[Variable], Values], tuple[Any, Values]]) -> Any:
    """The result of control flow whose functions may assign variables and draw random numbers.

    Code without state is traced once. Where it turns out to assign variables, `attempt` is called
    again with them, so that their values go through the control flow like any others.

    Args:
        attempt: runs the control flow, each function of it through `run`; returns its result and
            the new values of the variables.
    """
    variables: list[Variable] = []
    while True:
        try:
            result, values = attempt(variables, tuple(_read(v) for v in variables))
        except _Undeclared as undeclared:
            variables.extend(undeclared.variables)
            continue
        for variable, value in zip(variables, values):
            variable.assign(value)
        return result


def run(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    variables: Sequence[Variable],
    values: Values,
) -> tuple[Any, Values]:
    """Call stateful code as a pure function of the values of `variables`."""
    with StatelessScope(zip(variables, values)) as scope:
        result = tree.map_structure(_plain, function(*arguments))
    known = {id(variable) for variable in variables}
    unknown = [variable for variable in scope.written() if id(variable) not in known]
    if unknown:
        raise _Undeclared(unknown)
    return result, tuple(scope.get_current_value(variable) for variable in variables)


def _read(variable: Variable) -> jax.Array:
    """The value in the variable's own dtype."""
    with AutocastScope(None):
        return variable.value


def _plain(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Variable) else leaf
