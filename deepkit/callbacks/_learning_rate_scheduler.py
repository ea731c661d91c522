"""Sets the learning rate at the start of each epoch."""

import inspect
import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError, ArgumentTypeError

from ._callback import Callback
from ._learning_rates import log_rates, optimizers_of, read_rate
from ._logs import say


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of each epoch by a function.

    For rates that change with each step, give a schedule to the optimizer instead. The rate is
    logged as `learning_rate`.

    Args:
        schedule: function of the epoch, from 0, and the learning rate so far; or of the epoch
            alone. It returns the new rate.
        verbose: 1 prints the rate.

    Raises:
        ArgumentTypeError: `schedule` is no function.
        ArgumentError: it returns no number, or the model has no learning rate.

    Example:
        >>> import deepkit
        >>> model = deepkit.utils.Config(optimizer=deepkit.utils.Config(learning_rate=0.5))
        >>> callback = deepkit.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> callback.set_model(model)
        >>> callback.on_epoch_begin(0)
        >>> model.optimizer.learning_rate
        0.25
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise ArgumentTypeError(
                f"Expected `schedule` to be a function of the epoch and the learning rate, "
                f"received a {type(schedule).__name__}."
            )
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, optimizer in optimizers_of(self.model):
            old = read_rate(optimizer)
            rate = self.schedule(epoch, old) if self._takes_rate else self.schedule(epoch)
            optimizer.learning_rate = rate = _checked_rate(rate)
            if self.verbose > 0:
                which = f"{name} learning rate" if name else "learning rate"
                say(f"Epoch {epoch + 1}: LearningRateScheduler sets the {which} to {rate}.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            log_rates(self.model, logs)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # builtins may have no signature
        return True
    return True


def _checked_rate(rate: Any) -> float:
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    is_scalar_array = hasattr(rate, "dtype") and np.ndim(rate) == 0
    if not (is_number or is_scalar_array):
        raise ArgumentError(f"Expected `schedule` to return a number, received {rate!r}.")
    return float(rate)
