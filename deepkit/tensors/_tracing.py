"""Whether JAX computes values at once, or traces a program."""

from jax.extend.core import take_current_trace


def computes_at_once() -> bool:
    """Whether JAX computes values here and now.

    Traces that only look on, as those of gradient tapes, have an attribute `below`: the trace that
    they hand all operations on to.
    """
    with take_current_trace() as trace, take_current_trace() as at_once:
        while trace is not at_once and hasattr(trace, "below"):
            trace = trace.below
        return trace is at_once
