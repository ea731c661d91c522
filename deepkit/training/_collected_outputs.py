"""CollectedOutputs: the outputs of batches, joined on the host."""

from typing import Any

import jax
import numpy as np

from deepkit.core import tree
from deepkit.core.errors import DataError


class CollectedOutputs:
    """Joins the outputs of batches along their first axis.

    Where the number of rows is known, they are written into arrays of the full size as they come.
    Where only that of the batches is, they are taken to be as large as the first one; memory for
    rows that do not come is never touched.

    Args:
        rows: the rows of all batches together, or `None` if that is not known.
        batches: the number of batches, or `None` if that is not known.
    """

    def __init__(self, rows: int | None, batches: int | None = None) -> None:
        self._rows, self._batches = rows, batches
        self._whole: list[np.ndarray] | None = None
        self._filled = 0
        self._parts: list[Any] = []
        self._first: Any = None

    def add(self, outputs: Any, rows: int) -> None:
        """Add the outputs of the next batch.

        Args:
            outputs: nested arrays, which may still be on the device.
            rows: the rows of the batch.
        """
        outputs = jax.device_get(outputs)
        if self._first is None:
            self._first = tree.map_structure(np.shape, outputs), outputs
            self._allocate(outputs, rows)
        if self._whole is not None:
            if self._write(outputs, rows):
                return
            self._parts.append(self._so_far())
            self._whole = None
        self._parts.append(outputs)

    def _allocate(self, outputs: Any, rows: int) -> None:
        leaves = [np.asarray(leaf) for leaf in tree.flatten(outputs)]
        total = self._rows
        if total is None and self._batches is not None:
            total = self._batches * rows
        if total is not None and all(leaf.shape[:1] == (rows,) for leaf in leaves):
            shapes = [(total, *leaf.shape[1:]) for leaf in leaves]
            self._whole = [np.empty(s, leaf.dtype) for s, leaf in zip(shapes, leaves)]

    def _write(self, outputs: Any, rows: int) -> bool:
        """Write a batch to its place, if it fits there."""
        assert self._whole is not None
        leaves = [np.asarray(leaf) for leaf in tree.flatten(outputs)]
        stop = self._filled + rows
        fits = len(leaves) == len(self._whole) and all(
            leaf.shape == (rows, *whole.shape[1:]) and leaf.dtype == whole.dtype
            for leaf, whole in zip(leaves, self._whole)
        )
        if not fits or stop > len(self._whole[0]):
            return False
        for leaf, whole in zip(leaves, self._whole):
            whole[self._filled : stop] = leaf
        self._filled = stop
        return True

    def _so_far(self) -> Any:
        """What was written, in the form of the outputs."""
        assert self._whole is not None
        pieces = [whole[: self._filled] for whole in self._whole]
        return tree.pack_sequence_as(self._first[1], pieces)

    def joined(self) -> Any:
        """All outputs, as nested arrays that the caller owns.

        Raises:
            DataError: they cannot be joined.
        """
        if self._whole is not None:
            return self._so_far()
        if len(self._parts) == 1:
            return tree.map_structure(np.array, self._parts[0])
        try:
            return tree.map_structure(lambda *pieces: np.concatenate(pieces, axis=0), *self._parts)
        except ValueError as error:
            last = tree.map_structure(np.shape, self._parts[-1])
            raise DataError(
                f"Expected outputs that can be joined along the batch, received outputs of shapes "
                f"{self._first[0]} for the first batch and {last} for the last one."
            ) from error
