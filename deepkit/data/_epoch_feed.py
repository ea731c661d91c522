"""Cuts the passes over some data into epochs of the wanted number of steps."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from deepkit.core.errors import DataError

from ._arguments import check_positive_int
from ._data import Data


class EpochFeed:
    """The batches of one epoch after another.

    Without `steps` an epoch is one pass. With `steps` it is so many batches, and the next epoch
    goes on where it stopped. A pass that ends inside an epoch ends the epoch with a warning that
    names the batches wanted and got; the next epoch begins a new pass, or, of a generator, raises.

    Args:
        data: where batches come from.
        steps: batches an epoch, or `None`.
        wrap: what to put around the iterator of each pass, for example `prefetch`. If the result
            has a method `allow`, it is told before each epoch how many batches may be read.

    Attributes:
        exhausted: whether the data has ended and cannot be started again.
    """

    def __init__(
        self,
        data: Data,
        steps: int | None = None,
        wrap: Callable[[Iterator[Any]], Iterator[Any]] = iter,
    ) -> None:
        self._data = data
        self._steps = check_positive_int(steps, "steps")
        self._wrap = wrap
        self._pass: Iterator[Any] | None = None
        self._epochs = 0
        self._total = 0
        self.exhausted = False

    def epoch(self, skip: int = 0) -> Iterator[Any]:
        """The batches of the next epoch.

        Args:
            skip: batches to leave out at its beginning, where an interrupted epoch goes on.

        Raises:
            DataError: no batch is left.
        """
        self._data.on_epoch_begin()
        got = 0
        for batch in self._epoch_batches():
            got += 1
            if got > skip:
                yield batch
        self._epochs += 1
        self._total += got
        self._end_epoch(got)
        self._data.on_epoch_end()

    def close(self) -> None:
        """Give up the pass that is under way."""
        if hasattr(self._pass, "close"):
            self._pass.close()
        self._pass = None

    def _epoch_batches(self) -> Iterator[Any]:
        goes_on, empty = self._pass is not None, True
        for batch in itertools.islice(self._open_pass(), self._steps):
            empty = False
            yield batch
        if empty and goes_on and self._data.restartable:  # the pass had ended with its epoch
            self.close()
            yield from itertools.islice(self._open_pass(), self._steps)

    def _open_pass(self) -> Iterator[Any]:
        if self._pass is None:
            self._pass = self._wrap(self._data.batches())
        if hasattr(self._pass, "allow"):
            self._pass.allow(self._steps)
        return self._pass

    def _end_epoch(self, got: int) -> None:
        if not got:
            raise DataError(self._used_up())
        if self._steps is not None and got == self._steps:
            return
        self.close()
        self.exhausted = not self._data.restartable
        if self._steps is not None:
            self._warn(got)

    def _warn(self, got: int) -> None:
        advice = "Lower the number of steps an epoch, or give data that holds more batches."
        if self.exhausted:
            advice = "A generator can be read only once: let it yield enough for all epochs."
        warnings.warn(
            f"The data ran out in epoch {self._epochs}: {self._steps} batches were wanted and "
            f"{got} came. {advice}",
            stacklevel=2,
        )

    def _used_up(self) -> str:
        wanted = "at least one batch" if self._steps is None else f"{self._steps} batches"
        return (
            f"Expected {wanted} in epoch {self._epochs}, received none: the data ended after "
            f"{self._total} batches in all. A generator can be read only once; give one that "
            f"yields enough for all epochs together with the number of steps an epoch, or data "
            f"that can be read again such as arrays or a PyDataset."
        )
