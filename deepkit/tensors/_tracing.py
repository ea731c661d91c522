"""Whether JAX computes values at once, or traces a program."""

from typing import Any

import jax
from jax.extend.core import take_current_trace


def current_trace() -> Any:
    """The trace of JAX that sees the primitives of this thread now."""
    with take_current_trace() as trace:
        return trace


def is_at_once(trace: Any) -> bool:
    """Whether a trace is the one that computes values."""
    return type(trace) is _AT_ONCE


def computes_at_once() -> bool:
    """Whether JAX computes values here and now.

    Traces that only look on, as those of gradient tapes, have an attribute `below`: the trace that
    they hand all operations on to.
    """
    trace = current_trace()
    while hasattr(trace, "below"):
        trace = trace.below
    return is_at_once(trace)


with jax.ensure_compile_time_eval():
    _AT_ONCE = type(current_trace())
