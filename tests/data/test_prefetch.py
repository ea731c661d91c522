"""Reading ahead: order, errors, and that nothing hangs."""

import gc
import itertools
import signal
import threading
import time

import pytest

from deepkit.core.errors import ArgumentError
from deepkit.data import prefetch


def ends(thread):
    thread.join(timeout=5)
    return not thread.is_alive()


@pytest.mark.parametrize("size", [1, 2, 100])
def test_order_and_end(size):
    items = prefetch(range(50), size)
    assert list(items) == list(range(50))
    assert list(items) == []
    assert ends(items._thread)


def test_reads_ahead_only_so_far():
    seen = []
    items = prefetch((seen.append(i) or i for i in itertools.count()), 2)
    deadline = time.monotonic() + 5
    while len(seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert seen == [0, 1]
    assert next(items) == 0
    items.close()


def test_errors_come_in_their_place():
    def source():
        yield 1
        raise KeyError("broken")

    items = prefetch(source())
    assert next(items) == 1
    with pytest.raises(KeyError, match="broken"):
        next(items)
    with pytest.raises(StopIteration):
        next(items)


def test_error_while_the_source_is_opened():
    with pytest.raises(TypeError, match="not iterable"):
        next(prefetch(3))


@pytest.mark.parametrize("length", [1, 2, 3, 1000])
def test_closing_stops_the_thread_and_the_source(length):
    closed = threading.Event()

    def source():
        try:
            yield from range(length)
            closed.set()
        finally:
            closed.set()

    with prefetch(source(), 1) as items:
        next(items)
    assert ends(items._thread)
    assert closed.wait(5)
    with pytest.raises(StopIteration):
        next(items)
    items.close()


def test_dropping_stops_the_thread():
    items = prefetch(itertools.count())
    thread = items._thread
    next(items)
    del items
    gc.collect()
    assert ends(thread)


def test_closing_does_not_wait_for_a_stuck_source():
    release = threading.Event()

    def source():
        yield 1
        release.wait(10)

    items = prefetch(source())
    next(items)
    started = time.monotonic()
    items.close()
    assert time.monotonic() - started < 5
    release.set()
    assert ends(items._thread)


def test_keyboard_interrupt_reaches_a_waiting_consumer():
    release = threading.Event()

    def source():
        yield 1
        release.wait(10)

    items = prefetch(source())
    next(items)
    timer = threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), items:
        next(items)
    assert time.monotonic() - started < 5
    release.set()
    assert ends(items._thread)


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_size_is_checked(size):
    with pytest.raises(ArgumentError, match="Expected `size` to be an integer of at least 1"):
        prefetch([], size)
