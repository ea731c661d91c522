"""Goes on from the best value of an earlier run."""

import math
from typing import Any

from ._logs import say
from ._monitor_callback import MonitorCallback


def notes_of(callback: MonitorCallback) -> dict[str, Any]:
    """What is kept beside a model, so that a later run can go on from its value."""
    if not callback.monitors:
        return {}
    return {"monitor": callback.monitor, "best": callback.best}


def take_up_best(callback: MonitorCallback, notes: dict[str, Any], where: Any) -> None:
    """Let a callback go on from the value in notes, if it monitors the same and that is better.

    Args:
        callback: the callback.
        notes: what `notes_of` returned.
        where: where they were found, for the message.
    """
    best = notes.get("best")
    if notes.get("monitor") != callback.monitor or not isinstance(best, float | int):
        return
    if math.isfinite(best) and callback.is_improvement(best, callback.best):
        callback.best = best
        say(
            f"{type(callback).__name__} goes on from the best {callback.monitor} of an earlier "
            f"run, {best:.5f} in {where}; delete it to begin anew."
        )
