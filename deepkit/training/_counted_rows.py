"""Batches of which only some rows count, because copies of a row fill them up.

Rows that do not count are left out as masked steps of a sequence are: by the mask that travels with
the outputs, which losses and metrics follow.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import jax

from deepkit.core import tree
from deepkit.tensors import get_mask, set_mask

_COUNTED: contextvars.ContextVar[jax.Array | None] = contextvars.ContextVar(
    "counted_rows", default=None
)


@contextlib.contextmanager
def counting(counted: jax.Array | None) -> Iterator[None]:
    """Let only some rows of a batch count in a step.

    Args:
        counted: a boolean for each row; `None` if all count.
    """
    token = _COUNTED.set(counted)
    try:
        yield
    finally:
        _COUNTED.reset(token)


def leave_out_rows(outputs: Any) -> None:
    """Mask the rows of a model's outputs that do not count."""
    counted = _COUNTED.get()
    if counted is None:
        return
    for output in tree.flatten(outputs):
        mask = get_mask(output)
        if mask is not None:
            mask = mask & counted.reshape(counted.shape + (1,) * (mask.ndim - 1))
        set_mask(output, counted if mask is None else mask)


def count_rows(rows: int) -> Any:
    """How many rows count, of so many that a batch has."""
    counted = _COUNTED.get()
    return float(rows) if counted is None else counted.astype("float32").sum()
