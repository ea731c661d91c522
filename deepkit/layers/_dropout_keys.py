"""Keys of dropout masks that stay the same for all steps of one call of a recurrent layer."""

import contextlib
import itertools
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import jax


class _Held(threading.local):
    def __init__(self) -> None:
        self.keys: dict[int, list[jax.Array]] = {}


_HELD = _Held()


@contextlib.contextmanager
def same_masks(cells: Iterable[Any]) -> Iterator[None]:
    """Let cells draw their masks from the same keys each time they are called inside.

    Args:
        cells: have a `seed_generator`, and `mask_count` says how many masks a call draws.
    """
    before = _HELD.keys
    _HELD.keys = {
        **before,
        **{id(c): [c.seed_generator.next() for _ in range(c.mask_count)] for c in cells},
    }
    try:
        yield
    finally:
        _HELD.keys = before


def mask_keys(cell: Any) -> Iterator[jax.Array]:
    """The keys for the masks of a call of a cell."""
    held = _HELD.keys.get(id(cell))
    if held is not None:
        return iter(held)
    return (cell.seed_generator.next() for _ in itertools.count())
