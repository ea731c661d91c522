"""How many steps a call of the device runs: about as many as take 100 milliseconds."""

import time
from typing import Any

import jax

_SECONDS = 0.1
_FIRST_STEPS = (1, 4)
_MAX_GROWTH = 16


class Pacer:
    """Sizes stretches of an epoch by the time that earlier ones took.

    The first stretch is a single step, whose time is that of compiling; the next ones are short
    and measured. One stretch runs while the next is handed over, so the device never waits.

    Args:
        fixed: steps of every stretch, or `None` to let time decide.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        self._done = 0
        self._steps = 1
        self._pending: tuple[Any, int, float] | None = None
        self._ready_at = 0.0

    def next_steps(self, left: int) -> int:
        """The number of steps of the next stretch."""
        if self._fixed is not None:
            return min(self._fixed, left)
        if self._done < len(_FIRST_STEPS):
            return min(_FIRST_STEPS[self._done], left)
        return min(self._steps, left)

    def handed_over(self, result: Any, steps: int) -> None:
        """Note a stretch that was given to the device; waits for the one before it."""
        before, self._pending = self._pending, (result, steps, time.perf_counter())
        if before is not None:
            self._wait(before)
        if self._done < len(_FIRST_STEPS):
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
        if self._done > 1 and seconds > 0:
            wanted = int(_SECONDS * steps / seconds)
            self._steps = max(1, min(wanted, steps * _MAX_GROWTH))
