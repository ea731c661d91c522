"""Writes files on a thread, while training goes on."""

import threading
from collections.abc import Callable


class BackgroundWriter:
    """Runs one write at a time, in the order in which they come.

    The thread is no daemon: a process that ends waits for it.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    def start(self, write: Callable[[], None]) -> None:
        """Run a write once the one before it has ended.

        Args:
            write: uses nothing that changes meanwhile, and nothing of JAX.

        Raises:
            Exception: that of the write before; this one is not begun then.
        """
        self.finish()
        self._thread = threading.Thread(target=self._run, args=(write,), name="deepkit-writer")
        self._thread.start()

    def finish(self) -> None:
        """Wait for the write that is under way.

        Raises:
            Exception: that of the write.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:
            self._error = error
