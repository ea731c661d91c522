"""Arrays on the device: an epoch then needs no transfer but the order of the rows.

A program is compiled for the shapes of the arrays that it takes rows out of. So they are put into
arrays with room for some more batches, and data of many lengths shares a program.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from deepkit.data import ArrayData, aligned_array
from deepkit.training._batch_leaves import leaves_and_tree

_SHARE_OF_MEMORY = 0.25
_MAX_COPIED = 512 * 2**20
# Data of up to so many bytes gets room for a power of two of batches, ...
_MAX_DOUBLED = 2**18
# ... and up to so many for an eighth more. Above, a copy is not worth the program that it saves.
_MAX_WITH_ROOM = 2**26
# From here on XLA on CPU lets two threads gather the rows of a step, which costs up to 15 µs.
_PARTED = 2**19


class Order(NamedTuple):
    """Which rows an epoch takes.

    Attributes:
        full: the rows of the full batches, and some that are not looked at, on the device;
            `None` as they are.
        rest: the rows of the last batch, if it is not full.
    """

    full: Any
    rest: np.ndarray


class DeviceData:
    """The arrays of an `ArrayData`, put on the device once.

    Args:
        data: the arrays.

    Attributes:
        arrays: the leaves, in JAX's order. What they hold behind the data is never looked at.
        structure: the tree of a batch.
        rows: rows of a full batch.
        full_steps: the number of full batches.
        partial_rows: rows of the last batch if it is not full, else 0.
        count: how many rows count, if the last batch was filled up; else `None`.
    """

    def __init__(self, data: ArrayData) -> None:
        arrays, self.structure = leaves_and_tree(data.arrays, data.unflatten)
        self.rows = min(data.batch_size, data.num_samples)
        self.full_steps = data.num_samples // self.rows if self.rows else 0
        self.partial_rows = data.num_samples - self.full_steps * self.rows
        self.count: int | None = None
        self._data = data
        self._room = self.rows * _batches_with_room(self.steps, self.rows, arrays)
        self.arrays = [jax.device_put(_prepared(array, self._room)) for array in arrays]

    @property
    def steps(self) -> int:
        """The number of batches."""
        return self.full_steps + bool(self.partial_rows)

    def fill_up(self) -> None:
        """Let the last batch be a full one: its last row comes again, and does not count."""
        self.full_steps, self.partial_rows = self.steps, 0
        self.count = self._data.num_samples

    def shapes_of_batch(self, rows: int) -> Any:
        """A batch of so many rows without values."""
        leaves = [jax.ShapeDtypeStruct((rows, *a.shape[1:]), a.dtype) for a in self.arrays]
        return jax.tree.unflatten(self.structure, leaves)

    def order(self) -> Order:
        """The order of the rows in an epoch."""
        rows, full = self._data.order(), self.full_steps * self.rows
        if rows is None and self.count is None:
            return Order(None, np.arange(full, self._data.num_samples, dtype="int32"))
        rows = np.arange(self.count) if rows is None else rows
        places = np.full(max(self._room, self.steps * self.rows), rows[-1], "int32")
        places[: len(rows)] = rows
        return Order(jax.device_put(places), places[full : len(rows)])


def fits_on_device(data: ArrayData) -> bool:
    """Whether arrays are worth a place on the device.

    They may take a quarter of its memory. Where the device is the CPU itself, NumPy arrays would
    lie in the same memory twice: large ones are read row by row in their place.
    """
    if _is_cpu() and _bytes(a for a in data.arrays if isinstance(a, np.ndarray)) > _MAX_COPIED:
        return False
    return _bytes(data.arrays) <= _SHARE_OF_MEMORY * _device_memory()


def _batches_with_room(batches: int, rows: int, arrays: Sequence[Any]) -> int:
    """For how many batches of `rows` rows arrays should have room; 0 if they stay as they are."""
    size = _bytes(arrays)
    if size > _MAX_WITH_ROOM or not all(isinstance(array, np.ndarray) for array in arrays):
        return 0
    if size <= _MAX_DOUBLED:
        return 1 << (batches - 1).bit_length()
    grain = 1 << max(batches.bit_length() - 4, 0)
    room = -(-batches // grain) * grain
    of_batch = [array.nbytes // len(array) * rows for array in arrays]
    is_parted_by_it = any(batches * nbytes < _PARTED <= room * nbytes for nbytes in of_batch)
    return batches if is_parted_by_it else room


def _prepared(array: Any, rows: int) -> Any:
    """What to put on the device: an array that begins with the given one and has room.

    On CPU it is the place itself. NumPy fills it several times faster than JAX, which would copy
    the array, or use the caller's own memory where it happens to be aligned.
    """
    is_numpy = isinstance(array, np.ndarray)
    if len(array) >= rows and not (is_numpy and _is_cpu()):
        return array
    place = aligned_array((max(rows, len(array)), *array.shape[1:]), array.dtype)
    place[: len(array)] = array
    return place


def _bytes(arrays: Iterable[Any]) -> int:
    return sum(int(np.prod(a.shape, dtype="int64")) * np.dtype(a.dtype).itemsize for a in arrays)


def _is_cpu() -> bool:
    return jax.devices()[0].platform == "cpu"


def _device_memory() -> int:
    stats = None if _is_cpu() else jax.devices()[0].memory_stats()
    if stats and "bytes_limit" in stats:
        return int(stats["bytes_limit"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
