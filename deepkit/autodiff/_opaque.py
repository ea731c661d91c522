"""Operations that run once inside a compiled function, together with what their gradients need.

XLA joins equal operations, so that a recorded one may be written twice in a program: where it ran,
and where the gradient starts from it. It does not join equal loops. Nor reciprocal roots: it
rewrites those that are used once, before it joins what is equal, and all that follows differs then.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import jaxprs_in_params

from ._recording import has_derivative

_NOT_JOINED = frozenset({"scan", "while", "cond", "rsqrt"})


def is_not_joined(primitive: Any, params: dict[str, Any]) -> bool:
    """Whether an operation is, or contains, one that XLA does not join with an equal one."""
    if primitive.name in _NOT_JOINED:
        return True
    return any(
        is_not_joined(equation.primitive, equation.params)
        for jaxpr in jaxprs_in_params(params)
        for equation in jaxpr.eqns
    )


def linearized(
    run: Callable[..., Sequence[Any]], args: Sequence[Any]
) -> tuple[list[Any], Callable[..., Sequence[Any]]]:
    """The outputs of an operation, and a function of the inputs that returns these very outputs.

    The function does no work when it is called, and that of the gradient when that is asked.
    """
    places = [place for place, value in enumerate(args) if has_derivative(value)]

    def of_floats(*floats: Any) -> list[Any]:
        values = list(args)
        for place, value in zip(places, floats):
            values[place] = value
        return list(run(*values))

    outputs, pullback = jax.vjp(of_floats, *(args[place] for place in places))
    known = jax.custom_vjp(lambda *floats: outputs)
    known.defvjp(lambda *floats: (outputs, None), lambda _, cotangents: pullback(cotangents))
    return outputs, lambda *values: known(*(values[place] for place in places))
