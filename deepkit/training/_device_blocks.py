"""Batches of a stream in blocks on the device, read ahead."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import jax

from deepkit.data import Block, BlockShelf, prefetch
from deepkit.training._batch_leaves import leaves_and_tree
from deepkit.training._program import Binding
from deepkit.training._value_checks import ValueChecker

# Enough steps to make handing them over cheap, and few enough that a stream is not read far ahead.
_MAX_BYTES = 4 * 2**20
_MAX_BATCHES = 128


class DeviceBlock:
    """The batches of a block, put on the device.

    Args:
        block: the block, which is not changed any more.

    Attributes:
        count: the number of batches.
    """

    def __init__(self, block: Block) -> None:
        arrays, self._structure = leaves_and_tree(block.arrays, block.unflatten)
        self._arrays = jax.device_put(arrays)
        self._rows, self._is_single = block.rows, block.capacity == 1
        self.count = block.count

    def run(self, binding: Binding, start: int, count: int) -> Any:
        """Run the steps of some batches in a row; returns the last logs."""
        if self._is_single:
            return binding.step(jax.tree.unflatten(self._structure, self._arrays))
        stop = start + count
        return binding.steps(self._arrays, None, start, stop, self._rows, self._structure)

    def check(self, checker: ValueChecker) -> tuple[int, Exception | None]:
        """How many batches come before one with a refused value, and the error of that one."""
        return checker.check_block(self._arrays, self._structure, self._rows, self.count)


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """A batch in a block.

    Attributes:
        block: the block.
        place: which of its batches.
        left: how many of its batches can be run from this one on.
    """

    block: DeviceBlock
    place: int
    left: int


class BlockFeed(Iterator[Slot]):
    """Reads batches ahead on a thread and puts them on the device in blocks.

    The thread runs the source and NumPy, and nothing of JAX.

    Args:
        batches: the batches.
        checker: checks their values.
        alone: whether each batch is put alone.
    """

    def __init__(
        self, batches: Iterator[Any], checker: ValueChecker | None = None, alone: bool = False
    ) -> None:
        shelf = BlockShelf(_MAX_BYTES, 1 if alone else _MAX_BATCHES)
        # It is `EpochFeed` that says how many batches are wanted.
        self._blocks: prefetch[Block] = prefetch(batches, shelf=shelf, allowed=0)
        self._slots = self._run(checker)

    def __next__(self) -> Slot:
        return next(self._slots)

    def _run(self, checker: ValueChecker | None) -> Iterator[Slot]:
        index = 0
        for read in self._blocks:
            block = DeviceBlock(read)
            good, error = (block.count, None) if checker is None else block.check(checker)
            for place in range(good):
                yield Slot(block, place, good - place)
            if error is not None:
                error.add_note(f"This is in batch {index + good}, counted from 0.")
                raise error
            index += good

    def allow(self, count: int | None) -> None:
        """Let so many more batches be read, or all of them."""
        self._blocks.allow(count)

    def close(self) -> None:
        """Stop reading."""
        self._blocks.close()
