"""The threads that read ahead: daemons, as a source may be stuck, yet none runs on at exit.

Python ends by stopping its daemons wherever they are. One that is inside C++ then, for example in
JAX, takes the whole process down with it.
"""

import atexit
import threading
import time
from collections.abc import Callable
from typing import Any

_CLOSING_SECONDS = 0.5
_EXIT_SECONDS = 2.0

# Those that run, and how each is asked to end.
_readers: dict[threading.Thread, Callable[[], None]] = {}


def start_reader(
    target: Callable[..., None], args: tuple[Any, ...], stop: Callable[[], None]
) -> threading.Thread:
    """Start a thread.

    Args:
        target: what runs on it.
        args: its arguments.
        stop: asks it to end.
    """
    thread = threading.Thread(target=_run, args=(target, args), daemon=True, name="deepkit reader")
    _readers[thread] = stop
    thread.start()
    return thread


def _run(target: Callable[..., None], args: tuple[Any, ...]) -> None:
    try:
        target(*args)
    finally:
        _readers.pop(threading.current_thread(), None)


def wait_for_reader(thread: threading.Thread, seconds: float = _CLOSING_SECONDS) -> None:
    """Wait until a thread that was asked to end has done so; not long, if its source is stuck."""
    if thread is not threading.current_thread():
        thread.join(seconds)


@atexit.register
def _end_all() -> None:
    readers = list(_readers.items())
    for _, stop in readers:
        stop()
    deadline = time.monotonic() + _EXIT_SECONDS
    for thread, _ in readers:
        wait_for_reader(thread, max(0.0, deadline - time.monotonic()))
