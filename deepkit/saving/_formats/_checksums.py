"""CRC-32 of large memory: taken in parts by several threads, and put together."""

import functools
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, BinaryIO

PART_BYTES = 2**22

_BUFFER_BYTES = 2**18

_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31  # the highest bit is the factor of x⁰


def workers() -> ThreadPoolExecutor:
    """Threads that take checksums and wait for the disk while a file is made."""
    count = min(4, os.cpu_count() or 1) + 1
    return ThreadPoolExecutor(count, thread_name_prefix="deepkit-saving")


class InPlace(Executor):
    """Does work at once, in the thread that asks for it.

    For threads that outlive the main one: once Python begins to end, no others can begin.
    """

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


class Piece:
    """Bytes of a file that is to be written, with their checksums.

    Args:
        data: the bytes, which do not change.
        pool: threads that take the checksums of large pieces.

    Attributes:
        data: the bytes.
    """

    def __init__(self, data: Any, pool: Executor | None = None) -> None:
        self.data = memoryview(data).cast("B")
        parts = [self.data[start : start + PART_BYTES] for start in range(0, self.size, PART_BYTES)]
        if pool is None or self.size < PART_BYTES:
            self._found: list[int | Future[int]] = [zlib.crc32(part) for part in parts]
        else:
            self._found = [pool.submit(zlib.crc32, part) for part in parts]

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.data.nbytes

    def parts(self) -> Iterator[tuple[int, int]]:
        """Size and checksum of each part of it."""
        for index, found in enumerate(self._found):
            size = min(PART_BYTES, self.size - index * PART_BYTES)
            yield size, found if isinstance(found, int) else found.result()

    @functools.cached_property
    def checksum(self) -> int:
        """The checksum of all of it."""
        return joined(self.parts())


def checksum_of_file(stream: BinaryIO, start: int, size: int) -> int:
    """The CRC-32 of a part of a file, from where several threads read if it is large."""
    if size < 2 * PART_BYTES or not hasattr(os, "preadv"):
        stream.seek(start)
        readinto = stream.readinto  # type: ignore[attr-defined]
        return _checksum(lambda memory, _: readinto(memory), start, size)

    def read(memory: memoryview, position: int) -> int:
        return os.preadv(stream.fileno(), [memory], position)

    def part(begin: int) -> tuple[int, int]:
        length = min(PART_BYTES, start + size - begin)
        return length, _checksum(read, begin, length)

    with workers() as pool:
        return joined(pool.map(part, range(start, start + size, PART_BYTES)))


def _checksum(read: Callable[[memoryview, int], int], position: int, size: int) -> int:
    value, stop = 0, position + size
    memory = memoryview(bytearray(min(size, _BUFFER_BYTES)))
    while position < stop:
        count = read(memory[: stop - position], position)
        if not count:
            break
        value = zlib.crc32(memory[:count], value)
        position += count
    return value


def joined(parts: Iterator[tuple[int, int]]) -> int:
    """The CRC-32 of what has parts of known sizes and checksums.

    The CRC-32 is a remainder modulo a polynomial over GF(2): that of `a` followed by `b` is that of
    `a` times x^(8 len(b)), plus that of `b`.
    """
    whole = 0
    for size, checksum in parts:
        whole = checksum if not whole else _product(_power(size), whole) ^ checksum
    return whole


@functools.lru_cache(maxsize=256)
def _power(size: int) -> int:
    """The remainder of x^(8 size)."""
    result, base = _ONE, _ONE >> 8
    while size:
        if size & 1:
            result = _product(result, base)
        base = _product(base, base)
        size >>= 1
    return result


def _product(a: int, b: int) -> int:
    """The remainder of the product of two polynomials."""
    result = 0
    while a:
        if a & _ONE:
            result ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = (b >> 1) ^ (_POLYNOMIAL if b & 1 else 0)
    return result
