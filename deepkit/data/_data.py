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
    """

    num_batches: int | None = None
    batch_size: int | None = None
    restartable: bool = True
    checks_finite: bool = False

    @abc.abstractmethod
    def peek(self) -> Any:
        """The first batch, without using it up.

        Raises:
            DataError: there is none.
        """

    @abc.abstractmethod
    def batches(self) -> Iterator[Any]:
        """One pass over the batches: `x` or a tuple `(x, ...)` of NumPy or JAX arrays each."""

    def on_epoch_begin(self) -> None:  # noqa: B027 (most sources have nothing to do)
        """Tell the source that an epoch begins."""

    def on_epoch_end(self) -> None:  # noqa: B027
        """Tell the source that an epoch has ended."""
