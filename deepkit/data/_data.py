"""What fit, evaluate and predict see of any kind of data."""

import abc
from collections.abc import Iterator
from typing import Any


class Data(abc.ABC):
    """Batches that can be counted (perhaps), looked at, and passed over.

    Attributes:
        num_batches: batches in one pass, or `None` if unknown or endless.
        batch_size: samples in a full batch, or `None` if the source decides.
        restartable: whether `batches` starts from the beginning again when called again.
        checks_finite: whether NaN and infinities in a batch of a stream are refused.
        is_read_again: whether the batches before a place must be read to get there.
        has_hooks: whether epochs change it, through `on_epoch_begin` and `on_epoch_end`.
    """

    num_batches: int | None = None
    batch_size: int | None = None
    restartable: bool = True
    checks_finite: bool = False
    is_read_again: bool = False
    has_hooks: bool = False

    @abc.abstractmethod
    def peek(self) -> Any:
        """The first batch, without using it up.

        Raises:
            DataError: there is none.
        """

    @abc.abstractmethod
    def batches(self, skip: int = 0) -> Iterator[Any]:
        """One pass over the batches: `x` or a tuple `(x, ...)` of NumPy or JAX arrays each.

        Args:
            skip: batches to leave out at the beginning. What can only be read in order is read
                up to there before this returns.

        Raises:
            DataError: there are not so many.
        """

    def facts(self) -> dict[str, Any]:
        """What tells that another process has the same data, in what JSON can hold."""
        return {"batches": self.num_batches}

    def on_epoch_begin(self) -> None:  # noqa: B027 (most sources have nothing to do)
        """Tell the source that an epoch begins."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Tell the source that an epoch has ended."""
