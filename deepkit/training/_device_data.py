"""Arrays on the device: an epoch then needs no transfer but the order of the rows."""

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import numpy as np

from deepkit.data import ArrayData
from deepkit.training._batch_leaves import leaves_and_tree

_SHARE_OF_MEMORY = 0.25
_MAX_COPIED = 512 * 2**20


class Order(NamedTuple):
    """Which rows an epoch takes.

    Attributes:
        full: the rows of the full batches, on the device; `None` as they are.
        rest: the rows of the last batch, if it is not full.
    """

    full: Any
    rest: np.ndarray


class DeviceData:
    """The arrays of an `ArrayData`, put on the device once.

    Args:
        data: the arrays.

    Attributes:
        arrays: the leaves, in JAX's order.
        structure: the tree of a batch.
        rows: rows of a full batch.
        full_steps: the number of full batches.
        partial_rows: rows of the last batch if it is not full, else 0.
        count: how many rows count, if the last batch was filled up; else `None`.
    """

    def __init__(self, data: ArrayData) -> None:
        arrays, self.structure = leaves_and_tree(data.arrays, data.unflatten)
        self.arrays = [jax.device_put(array) for array in arrays]
        self.rows = min(data.batch_size, data.num_samples)
        self.full_steps = data.num_samples // self.rows if self.rows else 0
        self.partial_rows = data.num_samples - self.full_steps * self.rows
        self.count: int | None = None
        self._data = data

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
        if self.count is not None:
            rows = np.arange(self.count) if rows is None else rows
            rows = np.pad(rows, (0, full - self.count), mode="edge")
        if rows is None:
            return Order(None, np.arange(full, self._data.num_samples, dtype="int32"))
        rows = rows.astype("int32")
        return Order(jax.device_put(rows[:full]), rows[full:])


def fits_on_device(data: ArrayData) -> bool:
    """Whether arrays are worth a place on the device.

    They may take a quarter of its memory. Where the device is the CPU itself, NumPy arrays would
    lie in the same memory twice: large ones are read row by row in their place.
    """
    on_cpu = jax.devices()[0].platform == "cpu"
    if on_cpu and _bytes(a for a in data.arrays if isinstance(a, np.ndarray)) > _MAX_COPIED:
        return False
    return _bytes(data.arrays) <= _SHARE_OF_MEMORY * _device_memory()


def _bytes(arrays: Iterable[Any]) -> int:
    return sum(int(np.prod(a.shape, dtype="int64")) * np.dtype(a.dtype).itemsize for a in arrays)


def _device_memory() -> int:
    device = jax.devices()[0]
    stats = device.memory_stats() if device.platform != "cpu" else None
    if stats and "bytes_limit" in stats:
        return int(stats["bytes_limit"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
