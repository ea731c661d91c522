"""Reads an iterator ahead on a background thread."""

import collections
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from ._arguments import check_positive_int
from ._reader_threads import start_reader, wait_for_reader

T = TypeVar("T")

_SECONDS = 0.5


class Shelf(Protocol):
    """What has been read and waits to be taken; used by one thread at a time."""

    def has_room(self) -> bool:
        """Whether another item should be read."""

    def put(self, item: Any) -> None:
        """Take in an item that was read."""

    def take(self) -> Any:
        """Give out what has waited longest; `IndexError` if nothing waits."""

    def clear(self) -> None:
        """Forget all that waits."""


class Row:
    """A shelf that gives out items as they came.

    Args:
        size: items that are kept ready at most.
    """

    def __init__(self, size: int) -> None:
        self._items: collections.deque[Any] = collections.deque()
        self._size = size

    def has_room(self) -> bool:
        return len(self._items) < self._size

    def put(self, item: Any) -> None:
        self._items.append(item)

    def take(self) -> Any:
        return self._items.popleft()

    def clear(self) -> None:
        self._items.clear()


class prefetch(Iterator[T], Generic[T]):
    """An iterator whose next items are made on another thread while this one works.

    An exception of the source is raised here, in its place among the items. Leaving a `with`
    block, calling `close` or dropping the object stops the thread; none of them waits long for a
    source that is stuck.

    Args:
        iterator: the source. It runs wholly on the thread.
        size: items that are kept ready at most.
        shelf: keeps what is ready in another way.
        allowed: items that are read before `allow` is called, or `None` for all.

    Raises:
        ArgumentError: `size` is no integer of at least 1.
    """

    def __init__(
        self,
        iterator: Iterable[Any],
        size: int = 2,
        shelf: Shelf | None = None,
        allowed: int | None = None,
    ) -> None:
        self._shared = _Shared(shelf or Row(check_positive_int(size, "size") or 2), allowed)
        self._ended = False
        # The thread must not hold this object, or it would never be dropped.
        self._thread = start_reader(_produce, (iterator, self._shared), self._shared.stop)
        self._finalizer = weakref.finalize(self, self._shared.stop)

    def __next__(self) -> T:
        if self._ended:
            raise StopIteration
        try:
            return self._shared.take()
        except _Last as last:
            self._ended = True
            error = last.error
        raise StopIteration if error is None else error

    def allow(self, count: int | None) -> None:
        """Let so many more items be read, or all of them."""
        self._shared.allow(count)

    def close(self) -> None:
        """Stop reading; items that were ready are lost."""
        self._ended = True
        self._finalizer()
        wait_for_reader(self._thread)

    def __enter__(self) -> "prefetch[T]":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Last(Exception):
    """Nothing more will come; says what ended the source, if not its end."""

    def __init__(self, error: BaseException | None) -> None:
        super().__init__()
        self.error = error


class _Shared:
    """What the two threads share."""

    def __init__(self, shelf: Shelf, allowed: int | None) -> None:
        self._changed = threading.Condition()
        self._shelf = shelf
        self._allowed = allowed
        self._stopped = self._ended = False
        self._error: BaseException | None = None

    # By the one that reads

    def wait_for_room(self) -> bool:
        """Wait until another item should be read; `False` if none is wanted any more."""
        with self._changed:
            while not self._stopped and not self._wants_more():
                self._changed.wait()
            return not self._stopped

    def _wants_more(self) -> bool:
        return self._allowed != 0 and self._shelf.has_room()

    def put(self, item: Any) -> None:
        """Hand over an item."""
        with self._changed:
            if self._stopped:
                return
            self._shelf.put(item)
            if self._allowed is not None:
                self._allowed -= 1
            self._changed.notify()

    def end(self, error: BaseException | None) -> None:
        """Tell that nothing more will come."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify()

    # By the one that takes

    def take(self) -> Any:
        """Wait for what comes next.

        Raises:
            _Last: nothing comes.
        """
        with self._changed:
            while True:
                try:
                    item = self._shelf.take()
                except IndexError:
                    if self._ended:
                        raise _Last(self._error) from None
                    # A wait without a limit may not see a Ctrl-C that another thread of the
                    # process received.
                    self._changed.wait(_SECONDS)
                    continue
                self._changed.notify()
                return item

    def allow(self, count: int | None) -> None:
        """Let so many more items be read, or all of them."""
        with self._changed:
            known = self._allowed is not None and count is not None
            self._allowed = self._allowed + count if known else None
            self._changed.notify()

    def stop(self) -> None:
        """Let the one that reads end as soon as it has its item."""
        with self._changed:
            self._stopped = True
            self._shelf.clear()
            self._ended = True
            self._changed.notify_all()


def _produce(iterable: Iterable[Any], shared: _Shared) -> None:
    iterator, error = None, None
    try:
        iterator = iter(iterable)
        while shared.wait_for_room():
            try:
                item = next(iterator)
            except StopIteration:
                break
            shared.put(item)
        else:
            if hasattr(iterator, "close"):
                iterator.close()
    except BaseException as raised:
        error = raised
    shared.end(error)
