"""A PyDataset as a source of batches, read by threads or processes if it asks for them."""

import collections
import concurrent.futures
import itertools
import multiprocessing
import pickle
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from deepkit.core.errors import DataError

from ._data import Data
from ._py_dataset import PyDataset
from ._stream_data import standardize_batch


class PyDatasetData(Data):
    """The batches of a `PyDataset`, their order shuffled if wished.

    Args:
        dataset: the data set.
        shuffle: whether each pass has a new order of batches; without effect on an endless one.
        class_weight: weights by class, for batches `(x, y)`.

    Raises:
        DataError: the data set has no batches.
    """

    def __init__(
        self,
        dataset: PyDataset,
        shuffle: bool | str = False,
        class_weight: dict[int, float] | None = None,
    ) -> None:
        self._dataset = dataset
        self._shuffle = bool(shuffle)
        self._class_weight = class_weight
        self._processes = _Processes()
        if self.num_batches == 0:
            raise DataError(
                f"Expected {type(dataset).__name__} to have at least one batch, received none."
            )

    @property
    def num_batches(self) -> int | None:  # type: ignore[override]
        return self._dataset.num_batches

    def peek(self) -> Any:
        return standardize_batch(self._dataset[0], 0, self._class_weight, self.checks_finite)

    @property
    def has_hooks(self) -> bool:  # type: ignore[override]
        kind = type(self._dataset)
        return (kind.on_epoch_begin, kind.on_epoch_end) != (
            PyDataset.on_epoch_begin,
            PyDataset.on_epoch_end,
        )

    def facts(self) -> dict[str, Any]:
        return {"batches": self.num_batches, "shuffle": self._shuffle}

    def batches(self, skip: int = 0) -> Iterator[Any]:
        count = self.num_batches
        indices: Iterable[int] = itertools.count() if count is None else range(count)
        if self._shuffle and count is not None:
            indices = np.random.permutation(count).tolist()
        return self._run(itertools.islice(indices, skip, None), skip)

    def on_epoch_begin(self) -> None:
        self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._dataset.on_epoch_end()

    def _run(self, indices: Iterable[int], skip: int) -> Iterator[Any]:
        source = self._raw_batches(indices)
        try:
            for position, batch in enumerate(source, skip):
                yield standardize_batch(batch, position, self._class_weight, self.checks_finite)
        finally:
            source.close()

    def _raw_batches(self, indices: Iterable[int]) -> Iterator[Any]:
        dataset = self._dataset
        if dataset.workers > 0 and dataset.use_multiprocessing:
            submit = self._processes.submitter(dataset)
            yield from _read_ahead(submit, indices, dataset.max_queue_size)
        elif dataset.workers > 1:
            threads = concurrent.futures.ThreadPoolExecutor(dataset.workers)
            try:
                yield from _read_ahead(
                    lambda index: threads.submit(dataset.__getitem__, index),
                    indices,
                    dataset.max_queue_size,
                )
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
        else:
            for index in indices:
                yield dataset[index]


def _read_ahead(
    submit: Callable[[int], concurrent.futures.Future], indices: Iterable[int], ahead: int
) -> Iterator[Any]:
    """Results in the order of the indices, with up to `ahead` of them on their way."""
    pending: collections.deque[concurrent.futures.Future] = collections.deque()
    try:
        for index in indices:
            pending.append(submit(index))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


class _Processes:
    """Worker processes that hold a copy of a data set, made anew when it has changed."""

    def __init__(self) -> None:
        self._pickled: bytes | None = None
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def submitter(self, dataset: PyDataset) -> Callable[[int], concurrent.futures.Future]:
        pickled = _pickle(dataset)
        if self._pool is None or pickled != self._pickled:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
            # Forking a process in which JAX runs threads can deadlock, so workers are spawned.
            self._pool = concurrent.futures.ProcessPoolExecutor(
                dataset.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_receive_dataset,
                initargs=(pickled,),
            )
            weakref.finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)
            self._pickled = pickled
        pool = self._pool
        return lambda index: pool.submit(_load_batch, index)


def _pickle(dataset: PyDataset) -> bytes:
    try:
        return pickle.dumps(dataset)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DataError(
            f"Expected {type(dataset).__name__} to be picklable, as `use_multiprocessing=True` "
            f"sends it to worker processes: {error}. Define its class at the top of a module, and "
            f"open files in `__getitem__`; or use threads."
        ) from error


_RECEIVED: list[PyDataset] = []


def _receive_dataset(pickled: bytes) -> None:
    _RECEIVED[:] = [pickle.loads(pickled)]


def _load_batch(index: int) -> Any:
    return _RECEIVED[0][index]
