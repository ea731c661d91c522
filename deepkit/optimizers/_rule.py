"""Compiles update rules: pure functions from arrays to arrays."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax

from ._precision import widen


def update_rule(rule: Callable[..., Any]) -> Callable[..., tuple[jax.Array, ...]]:
    """Compile a rule, cast what it is given, and number its steps from 1.

    A rule is a function `(variable, gradient, learning_rate, step, *slots, **options)` that
    returns `(variable, *slots)` after the step. The compiled rule takes the number of steps done so
    far in the place of `step`. It computes in float32 at least, whatever the dtypes, and rounds at
    the end. Options are keyword-only Python values and are compiled in, so they keep the precision
    of Python's floats (`1 - 0.999` in float32 would be off by 5e-5 of itself).

    Called eagerly, a step is one dispatch; inside a compiled step XLA inlines the rule and fuses
    it with what is around it. It is traced once for variables of one shape.
    """
    parameters = inspect.signature(rule).parameters.values()
    option_names = [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]

    @functools.wraps(rule)
    def step(
        variable: jax.Array,
        gradient: jax.Array,
        learning_rate: jax.Array,
        iterations: jax.Array,
        *slots: jax.Array,
        **options: Any,
    ) -> tuple[jax.Array, ...]:
        wide = widen(variable).dtype
        results = rule(
            *(x.astype(wide) for x in (variable, gradient, learning_rate, iterations + 1)),
            *(slot.astype(wide) for slot in slots),
            **options,
        )
        return tuple(x.astype(old.dtype) for x, old in zip(results, (variable, *slots)))

    return jax.jit(step, static_argnames=option_names)
