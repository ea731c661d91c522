"""A progress bar for terminals and notebooks, and plain lines for log files."""

import importlib.util
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from deepkit.core import config
from deepkit.core.errors import ArgumentError

from ._logs import say

_SECONDS_BETWEEN_LINES = 30


def has_dynamic_display() -> bool:
    """Whether output can be drawn over: a terminal or a notebook, with interactive logging on."""
    return config.is_interactive_logging_enabled() and (
        sys.stdout.isatty() or "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ
    )


class Progbar:
    """Show how far some work has come, how long it takes, and values beside it.

    In a terminal or notebook it draws a bar, elsewhere a line now and then and one at the end.

    Args:
        target: steps to do, or `None` if unknown.
        width: width of the bar in characters.
        verbose: 0 shows nothing, 1 a bar, 2 one line at the end.
        interval: least time in seconds between two drawings.
        stateful_metrics: names of values to show as they are; all others are averaged.
        stateless_metrics: names of values to average; all others are shown as they are.
        unit_name: what a step is called.

    Raises:
        ArgumentError: both kinds of names are given.

    Example:
        >>> import deepkit
        >>> bar = deepkit.utils.Progbar(10, verbose=2)
        >>> bar.update(10, [("loss", 0.25)])  # doctest: +ELLIPSIS
        10/10 - 0s - ...us/step - loss: 0.2500
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError(
                "Expected either `stateful_metrics` or `stateless_metrics`, received both."
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.unit_name = unit_name
        self._stateful = set(stateful_metrics or ())
        self._stateless = None if stateless_metrics is None else set(stateless_metrics)
        self._bar: Any = None
        self._draws_bar = verbose == 1 and has_dynamic_display()
        self._interval = interval if self._draws_bar else _SECONDS_BETWEEN_LINES
        self._seen = 0
        self._sums: dict[str, tuple[float, int]] = {}
        self._start = self._last_drawing = time.perf_counter()
        if self._draws_bar:
            self._last_drawing -= interval
        self._after_first: tuple[int, float] | None = None

    def is_due(self) -> bool:
        """Whether an `update` now would show anything before the end."""
        return self.verbose == 1 and time.perf_counter() - self._last_drawing >= self._interval

    def update(
        self,
        current: int,
        values: Sequence[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Go to a step.

        Args:
            current: steps done.
            values: names with values.
            finalize: whether this is the end; by default at `target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._add_value(name, value, current, finalize)
        self._seen = current
        now = time.perf_counter()
        if self._after_first is None and current:
            self._after_first = current, now
        if self.verbose and (finalize or self.is_due()):
            self._last_drawing = now
            self._show(current, now, finalize)

    def add(self, n: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """Go `n` steps further."""
        self.update(self._seen + n, values)

    def _add_value(self, name: str, value: Any, current: int, finalize: bool) -> None:
        if self._stateless is not None:
            averaged = name in self._stateless
        else:
            averaged = name not in self._stateful
        if finalize or not averaged:
            self._sums[name] = value, 1
            return
        steps = max(current - self._seen, 1)
        total, count = self._sums.get(name, (0, 0))
        self._sums[name] = total + value * steps, count + steps

    def _show(self, current: int, now: float, finalize: bool) -> None:
        text = self._text(current, now, finalize)
        if not self._draws_bar:
            say(f"{current}/{self.target or 'unknown'} - {text}")
            return
        if self._bar is None:
            self._bar = _open_bar(self.target, self.width)
        self._bar.total = self.target
        self._bar.n = current
        self._bar.set_description_str("" if finalize else text, refresh=not finalize)
        if finalize:
            # A line that is drawn over must fit the terminal; the last one may be longer.
            line = str(self._bar).rstrip()
            self._bar.leave = False
            self._bar.close()
            say(f"{line} {text}")

    def _text(self, current: int, now: float, finalize: bool) -> str:
        each = self._seconds_each(current, now)
        # Nothing can be foretold from the first step alone, which compiles.
        unknown = self.target is None or finalize or not self._is_past_first(current)
        left = None if unknown else each * (self.target - current)
        seconds = now - self._start if left is None else left
        parts = [_duration(seconds), f"{_short_duration(each)}/{self.unit_name}"]
        for name, (total, count) in self._sums.items():
            parts.append(f"{name}: {_number(total, count)}")
        return " - ".join(parts)

    def _is_past_first(self, current: int) -> bool:
        return self._after_first is not None and current > self._after_first[0]

    def _seconds_each(self, current: int, now: float) -> float:
        """Seconds a step; the first one, which compiles, does not count if there are more."""
        if self._is_past_first(current):
            steps, moment = self._after_first
            return (now - moment) / (current - steps)
        return (now - self._start) / max(current, 1)


def _open_bar(target: int | None, width: int) -> Any:
    import tqdm

    kind = tqdm.tqdm
    if "ipykernel" in sys.modules and importlib.util.find_spec("ipywidgets"):
        import tqdm.notebook

        kind = tqdm.notebook.tqdm

    class Bar(kind):
        monitor_interval = 0  # a thread that redraws has no use where every update draws

    bar_format = f"{{n_fmt}}/{{total_fmt}} {{bar:{width}}} {{desc}}"
    return Bar(total=target, file=sys.stdout, bar_format=bar_format, mininterval=0)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}" if minutes else f"{seconds}s"


def _short_duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _number(total: Any, count: int) -> str:
    if isinstance(total, str):
        return total
    mean = float(np.mean(total)) / max(count, 1)
    return f"{mean:.4f}" if abs(mean) > 1e-3 else f"{mean:.4e}"
