"""Conditionals over stateful code, which work eagerly and inside a compiled program."""

from collections.abc import Callable, Iterable
from typing import Any

import jax

from deepkit.tensors import StatelessScope, Variable


def run_branch(
    predicate: jax.Array,
    if_true: Callable[[], Any],
    if_false: Callable[[], Any],
    variables: Iterable[Variable],
) -> None:
    """Run one of two functions that assign to variables.

    Args:
        predicate: a boolean scalar. Known, it is decided here; traced, by `jax.lax.cond`, so that
            the program does the work of one branch only.
        if_true: assigns to some of `variables`.
        if_false: assigns to some of `variables`.
        variables: all that either of them may assign to.
    """
    if not isinstance(predicate, jax.core.Tracer):
        (if_true if predicate else if_false)()
        return
    variables = list({id(variable): variable for variable in variables}.values())
    written: set[int] = set()

    def pure(branch: Callable[[], Any], values: list[jax.Array]) -> list[jax.Array]:
        with StatelessScope(zip(variables, values)) as scope:
            branch()
            written.update(id(variable) for variable in scope.written())
            return [scope.get_current_value(variable) for variable in variables]

    values = jax.lax.cond(
        predicate,
        lambda values: pure(if_true, values),
        lambda values: pure(if_false, values),
        [variable.value for variable in variables],
    )
    for variable, value in zip(variables, values):
        if id(variable) in written:
            variable.assign(value)
