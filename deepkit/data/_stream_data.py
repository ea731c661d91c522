"""Streams of batches: generators and anything that can be iterated again for each epoch."""

import abc
import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from deepkit.core.errors import DataError

from ._checks import check_data, check_finite
from ._class_weight import with_class_weight
from ._data import Data
from ._packing import unpack_x_y_sample_weight


def standardize_batch(
    batch: Any, index: int, class_weight: dict[int, float] | None, finite: bool = False
) -> Any:
    """A batch of a stream as a tuple `(x,)`, `(x, y)` or `(x, y, sample_weight)` of arrays.

    With `finite`, NaN and infinities are refused.

    Raises:
        DataError: it cannot be read so; the message names the batch by its index.
    """
    where = f" of batch {index}"
    x, y, sample_weight = check_data(*unpack_x_y_sample_weight(batch), where=where)
    if finite:
        check_finite(x, y, sample_weight, where=where)
    sample_weight = with_class_weight(y, sample_weight, class_weight)
    if sample_weight is not None:
        return x, y, sample_weight
    return (x,) if y is None else (x, y)


class StreamData(Data):
    """Batches out of an iterator, with a look at the first one.

    Args:
        class_weight: weights by class, for batches `(x, y)`.
    """

    kind = "the stream"
    is_read_again = True

    def __init__(self, class_weight: dict[int, float] | None = None) -> None:
        self._class_weight = class_weight
        self._opened: tuple[Any, Iterator[Any]] | None = None
        # The form of a batch for which there was nothing to do.
        self._usual_form: Any = None

    @abc.abstractmethod
    def _open(self) -> Iterator[Any]:
        """The iterator of the next pass, or of what is left."""

    def peek(self) -> Any:
        if self._opened is None:
            iterator = self._open()
            try:
                batch = next(iterator)
            except StopIteration:
                raise DataError(
                    f"Expected {self.kind} to yield at least one batch, received none."
                ) from None
            self._opened = self._standardize(batch, 0), iterator
        return self._opened[0]

    def batches(self, skip: int = 0) -> Iterator[Any]:
        opened, self._opened = self._opened, None
        if skip:
            return self._run_from(skip, opened)
        return self._run(opened)

    def _run(self, opened: tuple[Any, Iterator[Any]] | None) -> Iterator[Any]:
        if opened is None:
            iterator, first = self._open(), 0
        else:
            yield opened[0]
            iterator, first = opened[1], 1
        yield from self._standardized(iterator, first)

    def _run_from(self, skip: int, opened: tuple[Any, Iterator[Any]] | None) -> Iterator[Any]:
        """The batches after some, which are read and forgotten now."""
        iterator, first = (self._open(), 0) if opened is None else (opened[1], 1)
        read = first + sum(1 for _ in itertools.islice(iterator, skip - first))
        if read < skip:
            raise DataError(
                f"Expected {self.kind} to yield the {skip} batches again that were done before "
                f"training was interrupted, received {read}. Start the program with the same data."
            )
        return self._standardized(iterator, skip)

    def _standardized(self, iterator: Iterator[Any], first: int) -> Iterator[Any]:
        for index, batch in enumerate(iterator, first):
            yield self._standardize(batch, index)

    def _standardize(self, batch: Any, index: int) -> Any:
        form = _plain_form(batch)
        if form is not None and form == self._usual_form:
            return batch
        made = standardize_batch(batch, index, self._class_weight, self.checks_finite)
        is_same = form is not None and len(made) == len(batch)
        if is_same and all(a is b for a, b in zip(made, batch)) and not self.checks_finite:
            self._usual_form = form
        return made


def _plain_form(batch: Any) -> Any:
    """Types and shapes of a tuple of NumPy arrays; `None` for all else.

    Arrays that are taken as they are depend on nothing more: what is converted is another array.
    """
    if type(batch) is not tuple or not all(type(part) is np.ndarray for part in batch):
        return None
    return [(part.dtype, part.shape) for part in batch]


class GeneratorData(StreamData):
    """A generator or another iterator, which gives each batch only once.

    Args:
        generator: iterator of batches.
        class_weight: weights by class, for batches `(x, y)`.
    """

    restartable = False
    kind = "the generator"

    def __init__(
        self, generator: Iterator[Any], class_weight: dict[int, float] | None = None
    ) -> None:
        super().__init__(class_weight)
        self._generator = generator

    def _open(self) -> Iterator[Any]:
        return self._generator


class IterableData(StreamData):
    """Anything that gives a new iterator of batches for each pass.

    Loaders of PyTorch and grain are such; a `tf.data.Dataset` is read by its NumPy iterator.

    Args:
        iterable: source of batches.
        class_weight: weights by class, for batches `(x, y)`.
    """

    kind = "the data set"

    def __init__(
        self, iterable: Iterable[Any], class_weight: dict[int, float] | None = None
    ) -> None:
        super().__init__(class_weight)
        self._iterable = iterable
        self.num_batches = count_batches(iterable)
        if self.num_batches == 0:
            raise DataError("Expected the data set to have at least one batch, received none.")

    def _open(self) -> Iterator[Any]:
        if hasattr(self._iterable, "as_numpy_iterator"):
            return iter(self._iterable.as_numpy_iterator())
        return iter(self._iterable)


def count_batches(iterable: Iterable[Any]) -> int | None:
    """The length that a source of batches claims, or `None` if it is endless or unknown."""
    try:
        length = len(iterable)  # type: ignore[arg-type]
    except TypeError:
        return None
    return None if length == sys.maxsize else length
