"""Stops training when the loss is no number any more."""

import math
from typing import Any

from deepkit.core.errors import StateError

from ._callback import Callback
from ._logs import say


class TerminateOnNaN(Callback):
    """Stop training after the first batch whose loss is NaN or infinite.

    It looks at each batch, so `fit` runs batch by batch.

    Args:
        raise_error: whether to raise; otherwise `fit` ends in the ordinary way.

    Raises:
        StateError: the loss is NaN or infinite, with `raise_error=True`.

    Example:
        >>> import deepkit
        >>> callback = deepkit.callbacks.TerminateOnNaN(raise_error=True)
        >>> callback.on_batch_end(3, {"loss": float("nan")})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        deepkit.core.errors.StateError: Expected a finite loss, received nan in batch 3...
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise StateError(
                f"Expected a finite loss, received {loss} in batch {batch}. Lower the learning "
                f"rate, clip gradients, or look for NaN and infinite values in the data."
            )
        say(f"Batch {batch}: the loss is {loss}; training stops.")
        self.model.stop_training = True
