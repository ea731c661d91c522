"""Arrays in memory, cut into batches."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from deepkit.core import tree

from ._arguments import check_class_weight, check_positive_int, check_shuffle
from ._checks import check_data
from ._class_weight import with_class_weight
from ._conversion import Array
from ._data import Data
from ._packing import pack_x_y_sample_weight

_DEFAULT_BATCH_SIZE = 32


class ArrayData(Data):
    """Arrays of one length, given out in batches in order or shuffled.

    A pass can run on the host (`batches`) or on the device: `arrays` is what to put there, and
    `unflatten` makes a batch out of rows of them.

    Args:
        x: array-like or structure of them.
        y: targets in the same manner, or `None`.
        sample_weight: weights in the same manner, or `None`.
        batch_size: samples a batch; by default 32, or what makes `steps` batches.
        steps: batches wanted where `batch_size` is not given.
        shuffle: `True` draws a new order for each pass, `"batch"` one inside each batch.
        class_weight: weights by class, instead of `sample_weight`.
        allow_empty: whether zero samples are fine.

    Attributes:
        arrays: the flat list of arrays, each of `num_samples` rows.
        num_samples: rows.
        partial_batch_size: samples in the last batch if it is not full, otherwise 0.
        shuffle: as given.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool | str = False,
        class_weight: dict[int, float] | None = None,
        allow_empty: bool = False,
    ) -> None:
        batch_size = check_positive_int(batch_size, "batch_size")
        steps = check_positive_int(steps, "steps")
        class_weight = check_class_weight(class_weight)
        x, y, sample_weight = check_data(x, y, sample_weight, allow_empty=allow_empty)
        sample_weight = with_class_weight(y, sample_weight, class_weight)
        self._structure = pack_x_y_sample_weight(x, y, sample_weight)
        self.arrays: list[Array] = [a for a in tree.flatten(self._structure) if a is not None]
        self.num_samples = int(self.arrays[0].shape[0])
        if batch_size is None:
            batch_size = math.ceil(self.num_samples / steps) if steps else _DEFAULT_BATCH_SIZE
        self.batch_size: int = max(batch_size, 1)
        self.num_batches: int = math.ceil(self.num_samples / self.batch_size)
        self.partial_batch_size = self.num_samples % self.batch_size
        self.shuffle = check_shuffle(shuffle)

    def unflatten(self, arrays: Sequence[Any]) -> Any:
        """A batch in the structure that was given, out of one value for each of `arrays`."""
        values = iter(arrays)
        return tree.map_structure(lambda _: next(values), self._structure, none_is_leaf=False)

    def rows(self, index: slice | np.ndarray) -> Any:
        """The batch that the rows at `index` make."""
        return self.unflatten([array[index] for array in self.arrays])

    def peek(self) -> Any:
        return self.rows(slice(0, self.batch_size))

    def order(self) -> np.ndarray | None:
        """The order of the rows in the next pass; `None` as they are."""
        if not self.shuffle:
            return None
        if self.shuffle is True:
            return np.random.permutation(self.num_samples)
        rows = np.arange(self.num_samples)
        for start in range(0, self.num_samples, self.batch_size):
            np.random.shuffle(rows[start : start + self.batch_size])
        return rows

    def facts(self) -> dict[str, Any]:
        return {
            "samples": self.num_samples,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
        }

    def batches(self, skip: int = 0) -> Iterator[Any]:
        # The order is drawn here and not at the first `next`, which may run on another thread.
        return self._run(self.order(), skip)

    def _run(self, order: np.ndarray | None, skip: int) -> Iterator[Any]:
        for start in range(skip * self.batch_size, self.num_samples, self.batch_size):
            rows = slice(start, start + self.batch_size)
            yield self.rows(rows if order is None else order[rows])
