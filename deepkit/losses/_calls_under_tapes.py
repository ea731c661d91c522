"""Losses under gradient tapes, as one compiled program.

A tape sees each operation of JAX, which takes its time. A loss is a dozen of them, and in a loop
with a tape it comes in every step.
"""

import weakref
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from deepkit.core import config
from deepkit.tensors import (
    any_refused,
    are_reads_listened_to,
    collect_value_checks,
    computes_at_once,
    current_scope,
)

if TYPE_CHECKING:
    from deepkit.losses._loss import Loss

_MAX_PROGRAMS = 8
_PROGRAMS: "weakref.WeakKeyDictionary[Loss, dict[Hashable, Any]]" = weakref.WeakKeyDictionary()


def call_under_tape(
    loss: "Loss", function: Callable[..., Any] | None, inputs: tuple[Any, ...]
) -> jax.Array | None:
    """The loss by its program; `None` where it has to run as it is.

    Args:
        loss: a loss.
        function: the function of arrays that it applies, if that is what it does.
        inputs: targets, predictions, weights and mask.
    """
    if not are_reads_listened_to() or not computes_at_once() or current_scope() is not None:
        return None
    if not all(value is None or isinstance(value, (jax.Array, np.ndarray)) for value in inputs):
        return None
    if not _is_ours(type(loss)) or not (function is None or _is_ours(function)):
        return None
    try:
        key = (config.floatx(), *vars(loss).items())
        program = _program(loss, key)
    except TypeError:  # something in it is not hashable, so that a change could not be seen
        return None
    value, is_refused = program(*inputs)
    return None if is_refused is not None and bool(is_refused) else value


def _is_ours(thing: Any) -> bool:
    return getattr(thing, "__module__", "").startswith("deepkit.")


def _program(loss: "Loss", key: Hashable) -> Any:
    programs = _PROGRAMS.setdefault(loss, {})
    if key not in programs:
        while len(programs) >= _MAX_PROGRAMS:
            programs.pop(next(iter(programs)))
        reference = weakref.ref(loss)

        def run(*inputs: Any) -> tuple[jax.Array, jax.Array | None]:
            with collect_value_checks() as checks:
                value = reference()._evaluate(*inputs)
            return value, any_refused(checks)

        programs[key] = jax.jit(run)
    return programs[key]
