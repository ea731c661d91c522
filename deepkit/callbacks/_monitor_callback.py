"""The base of callbacks that watch one value of the logs."""

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError, UnknownNameError, suggest

from ._callback import Callback
from ._direction import infer_direction

_MODES = ("auto", "min", "max")


class MonitorCallback(Callback):
    """Base of callbacks that act when a monitored value improves, or does not.

    Args:
        monitor: name in the logs.
        mode: `"min"`, `"max"`, or `"auto"`: by the metric of that name, or else by the name.
        best: what the first value is compared with, if anything.
        min_delta: how much better a value must be to count.

    Attributes:
        best: the best value so far.
    """

    def __init__(
        self, monitor: str, mode: str, best: float | None = None, min_delta: float = 0
    ) -> None:
        if not isinstance(monitor, str):
            raise ArgumentError(
                f"Expected `monitor` to be a name in the logs, received {monitor!r}."
            )
        if mode not in _MODES:
            raise ArgumentError(f"Expected `mode` to be one of {_MODES}, received {mode!r}.")
        self.monitor = monitor
        self.mode = mode
        self.best = best
        self.min_delta = abs(_real("min_delta", min_delta))
        self._seen_names: set[str] = set()

    @property
    def monitors(self) -> bool:
        """Whether the value is needed at all."""
        return True

    def check_monitor(self, names: Iterable[str]) -> None:
        """Raise if the monitored name is not among those that epochs will log.

        Raises:
            UnknownNameError: it is not.
        """
        self._seen_names.update(names)
        if self.monitors and self.monitor not in self._seen_names:
            raise UnknownNameError(self._unknown_name())

    def monitored_value(self, logs: dict[str, Any] | None) -> float | None:
        """The monitored value, or `None` in an epoch without validation.

        Raises:
            UnknownNameError: nothing of that name is logged.
            ArgumentError: it is no single number.
        """
        logs = logs or {}
        self._seen_names.update(logs)
        if self.monitor in logs:
            value = logs[self.monitor]
            if np.ndim(value) or not isinstance(value, numbers.Real | np.generic | np.ndarray):
                raise ArgumentError(
                    f"Expected '{self.monitor}' to be one number for {type(self).__name__} to "
                    f"monitor, received a {type(value).__name__}."
                )
            return float(value)
        if self.monitor not in self._seen_names and not self._may_come_later():
            raise UnknownNameError(self._unknown_name())
        return None

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Whether a value is better than a reference by more than `min_delta`; NaN never is.

        Raises:
            ArgumentError: `mode="auto"` cannot tell what is better.
        """
        if math.isnan(value):
            return False
        if reference is None:
            return True
        if self._resolved_mode() == "min":
            return value + self.min_delta < reference
        return value - self.min_delta > reference

    def _resolved_mode(self) -> str:
        if self.mode != "auto":
            return self.mode
        mode = infer_direction(self.monitor, self.model)
        if mode is None:
            raise ArgumentError(
                f"Expected `mode='min'` or `mode='max'` for {type(self).__name__}, as it cannot "
                f"be told from the name '{self.monitor}' whether more of it is better."
            )
        return mode

    def _may_come_later(self) -> bool:
        """Whether the value belongs to a validation that does not run in each epoch."""
        every = (self.params or {}).get("validation_freq", 1)
        return self.monitor.startswith("val_") and every not in (None, 1)

    def _unknown_name(self) -> str:
        names = sorted(self._seen_names)
        advice = suggest(self.monitor, names)
        if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in names):
            advice = " No validation runs: pass `validation_data` or `validation_split` to `fit`."
        return (
            f"Expected `monitor` of {type(self).__name__} to be one of the logged names {names}, "
            f"received '{self.monitor}'.{advice}"
        )


def check_count(argument: str, value: Any, least: int = 0) -> int:
    """A whole number of epochs or batches.

    Raises:
        ArgumentError: it is something else or too small.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ArgumentError(
            f"Expected `{argument}` to be an integer of at least {least}, received {value!r}."
        )
    return int(value)


def check_save_freq(save_freq: Any) -> str | int:
    """`"epoch"`, or a number of batches.

    Raises:
        ArgumentError: it is something else.
    """
    if save_freq == "epoch":
        return save_freq
    if isinstance(save_freq, bool) or not isinstance(save_freq, numbers.Integral) or save_freq < 1:
        raise ArgumentError(
            f"Expected `save_freq` to be 'epoch' or a number of batches of at least 1, "
            f"received {save_freq!r}."
        )
    return int(save_freq)


def _real(argument: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentError(f"Expected `{argument}` to be a number, received {value!r}.")
    return value


class BatchCounter:
    """Says after which batches something that is due each `every` batches is due.

    Args:
        every: the number of batches.

    Attributes:
        count: all batches so far, in this process.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self.reset()

    def reset(self) -> None:
        """Count from the beginning."""
        self.count = 0
        self._since = 0
        self._last = -1

    def get_state(self) -> list[int]:
        """How far it has counted."""
        return [self._since, self._last]

    def set_state(self, state: list[int]) -> None:
        """Go on from what `get_state` returned."""
        self._since, self._last = state

    def is_due(self, batch: int) -> bool:
        """Count up to a batch; indices start again with each epoch and may leap."""
        new = batch - self._last if batch > self._last else batch + 1
        self.count += new
        self._since += new
        self._last = batch
        if self._since < self._every:
            return False
        self._since = 0
        return True
