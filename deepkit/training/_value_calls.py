"""Calls compiled functions on the values that variables have now."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from deepkit.tensors import Variable, are_reads_listened_to

# Seconds to wait for values that a training step in another thread has in its hands.
_WAITS = (0.0, 0.001, 0.01, 0.1, 1.0)


def call_on_values(
    compiled: Callable[..., Any], variables: Sequence[Variable], *args: Any, **kwargs: Any
) -> Any:
    """Call a compiled function that donates nothing on the values of variables.

    Another thread that trains may give a value away between its reading and the call; then there
    is a new one in a moment.
    """
    for wait in _WAITS:
        values = _values_of(variables)
        try:
            return compiled(values, *args, **kwargs)
        except Exception:
            if not any(value.is_deleted() for value in values):
                raise
        time.sleep(wait)
    return compiled(_values_of(variables), *args, **kwargs)


def _values_of(variables: Sequence[Variable]) -> tuple[Any, ...]:
    if are_reads_listened_to():
        return tuple([variable.stored_value() for variable in variables])
    return tuple([variable.concrete_value() for variable in variables])
