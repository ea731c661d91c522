"""Checks of values, such as labels: at once where they are known, else before a program runs.

A compiled program cannot raise. What is checked while it is traced is noted by an open collector,
from which training makes a small program of its own that runs on the data first.
"""

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclasses.dataclass(frozen=True)
class ValueCheck:
    """A check of values that are being traced.

    Attributes:
        bad: booleans, true where a value is refused.
        values: the values, of the same shape.
        refuse: raises the error for the place and value of the first refused one.
    """

    bad: jax.Array
    values: jax.Array
    refuse: Callable[[tuple[int, ...], Any], None]


class _Current(threading.local):
    def __init__(self) -> None:
        self.checks: list[ValueCheck] | None = None


_CURRENT = _Current()


class collect_value_checks:
    """Collect the checks of traced values inside a `with` block."""

    def __enter__(self) -> list[ValueCheck]:
        self._before = _CURRENT.checks
        _CURRENT.checks = []
        return _CURRENT.checks

    def __exit__(self, *error: object) -> None:
        _CURRENT.checks = self._before


def any_refused(checks: Sequence[ValueCheck]) -> jax.Array | None:
    """Whether any value is refused, for a program to return; `None` where nothing is checked."""
    return jnp.any(jnp.stack([jnp.any(check.bad) for check in checks])) if checks else None


def check_values(
    values: jax.Array,
    is_bad: Callable[[Any], Any],
    refuse: Callable[[tuple[int, ...], Any], None],
) -> None:
    """Refuse values: at once if they are known, otherwise by the collector, if one is open.

    Args:
        values: the values.
        is_bad: booleans from values, NumPy's or JAX's.
        refuse: raises the error for the place and value of the first refused one.
    """
    if isinstance(values, jax.core.Tracer):
        if _CURRENT.checks is not None:
            _CURRENT.checks.append(ValueCheck(jnp.asarray(is_bad(values)), values, refuse))
        return
    known = np.asarray(values)
    bad = np.asarray(is_bad(known))
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        refuse(place, known[place].item())
