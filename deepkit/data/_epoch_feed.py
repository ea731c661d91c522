"""Cuts the passes over some data into epochs of the wanted number of steps."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from deepkit.core.errors import DataError
from deepkit.tensors import get_random_state, set_random_state

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
        notes_random_state: whether random states are noted, which `position` tells of.
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
        self._taken = 0
        self._done = 0
        self._repeated: int | None = None
        self._epochs = 0
        self._total = 0
        self._random: dict[str, Any] | None = None
        self.exhausted = False
        self.notes_random_state = False

    def epoch(self) -> Iterator[Any]:
        """The batches of the next epoch, or what `go_to` left of it.

        Raises:
            DataError: no batch is left.
        """
        got, self._done = self._done, 0
        if not got:
            self._data.on_epoch_begin()
        for batch in self._epoch_batches(got):
            got += 1
            yield batch
        self._epochs += 1
        self._total += got
        self._end_epoch(got)
        self._data.on_epoch_end()

    def position(self) -> dict[str, Any]:
        """Where the batches stand, for `go_to` in another process; JSON can hold it."""
        return {
            "epochs": self._epochs,
            "total": self._total,
            "taken": None if self._pass is None else self._taken,
            "exhausted": self.exhausted,
            "random": self._random,
        }

    def go_to(self, position: dict[str, Any], done: int = 0) -> None:
        """Go on, with the same data, where the feed of another process stood.

        Random generators are left as they were when the batches that are done had been drawn.

        Args:
            position: what `position` returned.
            done: batches that are done of the epoch that was under way.

        Raises:
            DataError: the data ends before that place.
        """
        self.close()
        self._epochs, self._total = position["epochs"], position["total"]
        self._random = position["random"]
        self._done, self.exhausted = done, position["exhausted"]
        taken = done or None if position["taken"] is None else position["taken"]
        if self.exhausted:
            self._pass = iter(())
        elif taken is not None:
            set_random_state(position["random"])
            self._taken = taken
            self._pass = self._wrap(self._data.batches(self._taken))

    def repeat_epoch(self, whole: bool = True) -> None:
        """Call the hooks of an epoch that is done, and draw its order, without its batches.

        Args:
            whole: whether the epoch is done; otherwise only its beginning is repeated.
        """
        self._data.on_epoch_begin()
        if not whole:
            return
        length = self._data.num_batches
        if self._repeated in (None, length):
            self._data.batches()
            self._repeated = 0
        end = length if self._steps is None else self._repeated + self._steps
        cut_short = length is not None and (self._steps is None or end > length)
        self._repeated = None if cut_short else end
        self._data.on_epoch_end()

    def close(self) -> None:
        """Give up the pass that is under way."""
        if hasattr(self._pass, "close"):
            self._pass.close()
        self._pass = None

    def _epoch_batches(self, done: int) -> Iterator[Any]:
        goes_on, empty = self._pass is not None, not done
        wanted = None if self._steps is None else self._steps - done
        for batch in self._from_pass(wanted):
            empty = False
            yield batch
        if empty and goes_on and self._data.restartable:  # the pass had ended with its epoch
            self.close()
            yield from self._from_pass(wanted)

    def _from_pass(self, wanted: int | None) -> Iterator[Any]:
        if self._pass is None:
            if self.notes_random_state:
                self._random = get_random_state()
            self._taken = 0
            self._pass = self._wrap(self._data.batches())
        if hasattr(self._pass, "allow"):
            self._pass.allow(wanted)
        for batch in itertools.islice(self._pass, wanted):
            self._taken += 1
            yield batch

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
