"""A file in memory that holds large arrays where they are, instead of copies of them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from deepkit.saving._formats._positioned_file import PositionedFile

_PAGE = 2**16
_LARGE = 2**20


class ScatteredFile(PositionedFile):
    """A file that can be read and written, of parts that lie all over the memory.

    What is written is copied into pages, except for large pieces of an array that is lent: of
    them only the place is noted. So an HDF5 file of huge arrays takes next to no memory and time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pages: dict[int, bytearray] = {}
        self._held: dict[int, np.ndarray] = {}  # pieces of arrays, by where they begin
        self._lent: np.ndarray | None = None

    @contextlib.contextmanager
    def lent(self, array: np.ndarray) -> Iterator[None]:
        """While an array is written that will not change until the file has been used."""
        is_plain = array.flags.c_contiguous and array.nbytes >= _LARGE
        self._lent = array.reshape(-1).view("uint8") if is_plain else None
        try:
            yield
        finally:
            self._lent = None

    def parts(self) -> Iterator[Any]:
        """The content from the beginning to the end, in pieces."""
        position = 0
        for start, piece in sorted(self._held.items(), key=lambda item: item[0]):
            yield from self._from_pages(position, start)
            yield memoryview(piece)
            position = start + piece.nbytes
        yield from self._from_pages(position, self._size)

    def _from_pages(self, start: int, stop: int) -> Iterator[bytes]:
        while start < stop:
            number, inside = divmod(start, _PAGE)
            count = min(stop - start, _PAGE - inside)
            page = self._pages.get(number)
            yield bytes(count) if page is None else bytes(page[inside : inside + count])
            start += count

    # The methods of files

    def writable(self) -> bool:
        return True

    def truncate(self, size: int | None = None) -> int:
        self._size = self._position if size is None else size
        return self._size

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        start = self._position
        stop = min(start + len(target), self._size)
        done = start
        for begin, piece in sorted(self._held.items(), key=lambda item: item[0]):
            if begin < stop and begin + piece.nbytes > done:
                done = self._copy_pages(target, start, done, begin)
                end = min(stop, begin + piece.nbytes)
                target[done - start : end - start] = memoryview(piece)[done - begin : end - begin]
                done = end
        self._position = self._copy_pages(target, start, done, stop)
        return max(0, stop - start)

    def _copy_pages(self, target: memoryview, start: int, begin: int, end: int) -> int:
        for piece in self._from_pages(begin, end):
            target[begin - start : begin - start + len(piece)] = piece
            begin += len(piece)
        return begin

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        start, count = self._position, len(view)
        self._release(start, start + count)
        piece = self._piece_of_lent(view)
        if piece is not None:
            self._held[start] = piece
        else:
            self._write_pages(start, view)
        self._position += count
        self._size = max(self._size, self._position)
        return count

    def _piece_of_lent(self, view: memoryview) -> np.ndarray | None:
        """The part of the lent array that a buffer is, if it is one."""
        if self._lent is None or len(view) < _LARGE:
            return None
        start = np.frombuffer(view, "uint8").ctypes.data - self._lent.ctypes.data
        if start < 0 or start + len(view) > self._lent.nbytes:
            return None
        return self._lent[start : start + len(view)]

    def _write_pages(self, start: int, view: Any) -> None:
        done = 0
        while done < len(view):
            number, inside = divmod(start + done, _PAGE)
            count = min(len(view) - done, _PAGE - inside)
            page = self._pages.setdefault(number, bytearray(_PAGE))
            page[inside : inside + count] = view[done : done + count]
            done += count

    def _release(self, start: int, stop: int) -> None:
        """Copy held pieces that are written over into pages."""
        for begin, piece in list(self._held.items()):
            if begin < stop and begin + piece.nbytes > start:
                del self._held[begin]
                self._write_pages(begin, memoryview(piece))
