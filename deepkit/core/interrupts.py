"""Holding Ctrl-C back while the state of a model is in the hands of a compiled program."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any


class Interrupts:
    """Decides when a Ctrl-C may strike.

    A program that overwrites the buffers of its state leaves no state to go back to until it
    returned. A Ctrl-C in between is handled right after.
    """

    def __init__(self) -> None:
        self._handler: Any = None
        self._received: tuple[int, FrameType | None] | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold a Ctrl-C back to the end of the block; Python delivers it to the main thread."""
        handler = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(handler):
            yield
            return
        self._handler, self._received = handler, None
        signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, handler)
            self._handler = None
        if self._received is not None:
            handler(*self._received)

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """Let it strike at once inside a `held` block, as in the long time that tracing takes."""
        handler = self._handler
        if handler is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        signal.signal(signal.SIGINT, handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._received = (number, frame)
