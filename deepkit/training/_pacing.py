"""How many steps a call of the device runs: about as many as take 100 milliseconds."""

import dataclasses
import time
from typing import Any

import jax

_SECONDS = 0.1
_FIRST_STEPS = (1, 4)
_MAX_GROWTH = 16


@dataclasses.dataclass
class Pace:
    """How fast a program is.

    Attributes:
        steps: how many steps take about as long as a stretch should; `None` before some were
            measured.
    """

    steps: int | None = None


class Pacer:
    """Sizes stretches of an epoch by the time that earlier ones took.

    The first stretch is a single step, whose time is that of compiling; the next one is short
    and measured. One stretch runs while the next is handed over, so the device never waits.

    Args:
        fixed: steps of every stretch, or `None` to let time decide.
        pace: what is known from earlier runs, and what this one finds out.
    """

    def __init__(self, fixed: int | None = None, pace: Pace | None = None) -> None:
        self._fixed = fixed
        self._pace = Pace() if pace is None else pace
        self._done = 0
        self._pending: tuple[Any, int, float] | None = None
        self._ready_at = 0.0

    def next_steps(self, left: int) -> int:
        """The number of steps of the next stretch."""
        if self._fixed is not None:
            return min(self._fixed, left)
        if self._pace.steps is None:
            return min(_FIRST_STEPS[min(self._done, len(_FIRST_STEPS) - 1)], left)
        return min(self._pace.steps, left)

    def handed_over(self, result: Any, steps: int) -> None:
        """Note a stretch that was given to the device; waits for the one before it."""
        before, self._pending = self._pending, (result, steps, time.perf_counter())
        if before is not None:
            self._wait(before)
        if self._pace.steps is None:
            self.finish()

    def finish(self) -> None:
        """Wait for the stretch that is under way."""
        pending, self._pending = self._pending, None
        if pending is not None:
            self._wait(pending)

    def _wait(self, pending: tuple[Any, int, float]) -> None:
        result, steps, started = pending
        jax.block_until_ready(result)
        now = time.perf_counter()
        seconds = now - max(started, self._ready_at)
        self._ready_at = now
        self._done += 1
        is_measured = self._done > 1 or self._pace.steps is not None
        if is_measured and seconds > 0:
            wanted = int(_SECONDS * steps / seconds)
            self._pace.steps = max(1, min(wanted, steps * _MAX_GROWTH))
