"""Reads an iterator ahead on a background thread."""

import queue
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from ._arguments import check_positive_int

T = TypeVar("T")

_SECONDS = 0.5


class prefetch(Iterator[T], Generic[T]):
    """An iterator whose next items are made on another thread while this one works.

    An exception of the source is raised here, in its place among the items. Leaving a `with`
    block, calling `close` or dropping the object stops the thread; none of them waits for a
    source that is stuck.

    Args:
        iterator: the source. It runs wholly on the thread.
        size: items that are kept ready at most.

    Raises:
        ArgumentError: `size` is no integer of at least 1.
    """

    def __init__(self, iterator: Iterable[T], size: int = 2) -> None:
        self._queue: queue.Queue[tuple[str, Any]] = queue.Queue(
            check_positive_int(size, "size") or 2
        )
        self._stop = threading.Event()
        self._ended = False
        # The thread must not hold this object, or it would never be dropped.
        self._thread = threading.Thread(
            target=_produce, args=(iterator, self._queue, self._stop), daemon=True
        )
        self._finalizer = weakref.finalize(self, _stop, self._queue, self._stop)
        self._thread.start()

    def __next__(self) -> T:
        if self._ended:
            raise StopIteration
        kind, value = self._wait()
        if kind == "item":
            return value
        self._ended = True
        if kind == "error":
            raise value
        raise StopIteration

    def _wait(self) -> tuple[str, Any]:
        # A wait without a limit may not see a Ctrl-C that another thread of the process received.
        while True:
            try:
                return self._queue.get(timeout=_SECONDS)
            except queue.Empty:
                continue

    def close(self) -> None:
        """Stop reading; items that were ready are lost."""
        self._ended = True
        self._finalizer()

    def __enter__(self) -> "prefetch[T]":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _produce(iterable: Iterable[Any], items: queue.Queue, stop: threading.Event) -> None:
    # After `stop` at most one entry is put, and `_stop` has made room for one: no put can hang.
    iterator = None
    last = ("end", None)
    try:
        iterator = iter(iterable)
        for item in iterator:
            if stop.is_set():
                break
            items.put(("item", item))
    except BaseException as error:
        last = ("error", error)
    if not stop.is_set():
        items.put(last)
    elif hasattr(iterator, "close"):
        iterator.close()


def _stop(items: queue.Queue, stop: threading.Event) -> None:
    """Let the producer see that it should end: a full queue must not hold it up."""
    stop.set()
    while True:
        try:
            items.get_nowait()
        except queue.Empty:
            return
