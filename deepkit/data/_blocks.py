"""Batches of one form gathered into blocks, so that a device gets many of them at a time."""

import collections
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from deepkit.core import tree

from ._conversion import Array

# XLA uses a NumPy array that is aligned so where it lies, instead of copying it.
_ALIGNMENT = 64
_READY = 2


class Block:
    """Batches of one form in the same arrays, one after the other.

    Args:
        batch: the first one; nothing of it is kept but its form.
        rows: rows of a batch.
        capacity: batches for which there is room.
        arrays: the leaves, with room for all batches.

    Attributes:
        count: batches that are in it.
    """

    def __init__(self, batch: Any, rows: int, capacity: int, arrays: list[Array]) -> None:
        self._structure = tree.map_structure(lambda _: None, batch)
        self._present = [leaf is not None for leaf in tree.flatten(batch)]
        self.rows, self.capacity, self.arrays = rows, capacity, arrays
        self.count = 0

    def add(self, leaves: Sequence[np.ndarray]) -> None:
        """Copy in the leaves of the next batch."""
        start = self.count * self.rows
        for array, leaf in zip(self.arrays, leaves):
            array[start : start + self.rows] = leaf
        self.count += 1

    def unflatten(self, values: Sequence[Any]) -> Any:
        """A batch in the structure that was given, out of one value for each of `arrays`."""
        values = iter(values)
        places = [next(values) if present else None for present in self._present]
        return tree.pack_sequence_as(self._structure, places)


class BlockShelf:
    """A shelf for `prefetch` that gathers batches, and gives out all that have come as a block.

    So blocks grow while the reader is ahead, and one that is slow is not waited for. The numbers
    are copied, as a generator may use its arrays again for the next batch.

    Args:
        max_bytes: how large a block may be; a batch that is larger is a block of its own.
        max_batches: how many batches it may hold.
    """

    def __init__(self, max_bytes: int, max_batches: int) -> None:
        self._max_bytes, self._max_batches = max_bytes, max_batches
        self._blocks: collections.deque[Block] = collections.deque()
        self._form: Any = None

    def has_room(self) -> bool:
        if len(self._blocks) < _READY:
            return True
        last = self._blocks[-1]
        # Of many forms in turn there are many blocks that are not full.
        return len(self._blocks) == _READY and 1 < last.capacity > last.count

    def put(self, item: Any) -> None:
        leaves = [leaf for leaf in tree.flatten(item) if leaf is not None]
        form = _form(item, leaves)
        last = self._blocks[-1] if self._blocks else None
        if last is None or form != self._form or last.count == last.capacity:
            last = self._new_block(item, leaves)
            self._blocks.append(last)
            self._form = form
        if last.capacity > 1:
            last.add(leaves)

    def _new_block(self, batch: Any, leaves: list[Array]) -> Block:
        rows = int(leaves[0].shape[0])
        nbytes = sum(leaf.nbytes for leaf in leaves)
        capacity = min(self._max_batches, self._max_bytes // max(nbytes, 1))
        if capacity > 1 and not any(isinstance(leaf, jax.Array) for leaf in leaves):
            arrays = [aligned_array((capacity * rows, *a.shape[1:]), a.dtype) for a in leaves]
            return Block(batch, rows, capacity, arrays)
        block = Block(batch, rows, 1, [_own(leaf) for leaf in leaves])
        block.count = 1
        return block

    def take(self) -> Block:
        return self._blocks.popleft()

    def clear(self) -> None:
        self._blocks.clear()


def private_batches(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches with NumPy arrays that nobody else can change, in a place that suits XLA."""
    for batch in batches:
        yield tree.map_structure(_own, batch, none_is_leaf=False)


def _own(leaf: Array) -> Array:
    if isinstance(leaf, jax.Array):
        return leaf
    copied = aligned_array(leaf.shape, leaf.dtype)
    copied[...] = leaf
    return copied


def aligned_array(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array of no certain values, in a place where XLA on CPU uses it as it lies.

    Args:
        shape: its shape.
        dtype: its dtype.
    """
    nbytes = int(np.prod(shape, dtype="int64")) * dtype.itemsize
    memory = np.empty(nbytes + _ALIGNMENT, "uint8")
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + nbytes].view(dtype).reshape(shape)


def _form(batch: Any, leaves: list[Array]) -> Any:
    """What batches that can share a block have in common."""
    kinds = tree.map_structure(type, batch)
    return kinds, [(leaf.shape, leaf.dtype) for leaf in leaves]
