"""The base class of data sets written in Python that are read by index."""

import abc
import itertools
from collections.abc import Iterator
from typing import Any

from deepkit.core.errors import DataError

from ._arguments import check_positive_int


class PyDataset(abc.ABC):
    """A data set that makes each of its batches on demand, perhaps on several workers.

    Use it where samples do not fit into memory or must be computed, and a generator would be
    too slow or too easy to use up. Define `__getitem__`, which returns a whole batch, and
    `__len__`, which returns the number of batches; or the property `num_batches`, `None` for a
    data set without end. Batches are made in order whatever the number of workers.

    Args:
        workers: threads or processes that make batches; 0 and 1 threads mean none but the one
            that reads ahead.
        use_multiprocessing: whether workers are processes. Processes are spawned, so the data set
            must be picklable and a script must guard its entry with `if __name__ == "__main__"`.
        max_queue_size: batches that are made ahead at most, with workers.

    Raises:
        ArgumentError: a number is negative or no integer.

    Example:
        >>> import deepkit
        >>> import numpy as np
        >>> class Squares(deepkit.utils.PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4 * index, 4 * index + 4, dtype="float32")
        ...         return x, x**2
        >>> x, y = Squares(workers=2)[1]
        >>> print(y)
        [16. 25. 36. 49.]
    """

    # Class attributes serve subclasses whose constructor does not call this one.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers if workers == 0 else check_positive_int(workers, "workers") or 1
        self.use_multiprocessing = bool(use_multiprocessing)
        self.max_queue_size = check_positive_int(max_queue_size, "max_queue_size") or 10

    @abc.abstractmethod
    def __getitem__(self, index: int) -> Any:
        """The batch at `index`: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""

    @property
    def num_batches(self) -> int | None:
        """The number of batches; `None` means that there is no end."""
        if hasattr(self, "__len__"):
            return len(self)
        name = type(self).__name__
        raise DataError(
            f"Expected {name} to tell its number of batches. Define `__len__`, or the property "
            f"`num_batches` (which may return None for a data set without end)."
        )

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self) -> None:  # noqa: B027 (a hook that may stay empty)
        """Called before each epoch."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Called after each epoch."""
