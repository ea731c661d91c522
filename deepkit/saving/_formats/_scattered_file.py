"""A file in memory that holds large arrays where they are, instead of copies of them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from deepkit.saving._formats._checksums import Piece
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
        self._held: dict[int, Piece] = {}  # large pieces, by where they begin
        self._lent: Piece | None = None

    @contextlib.contextmanager
    def lent(self, piece: Piece) -> Iterator[None]:
        """While bytes are written that will not change until the file has been used."""
        self._lent = piece
        try:
            yield
        finally:
            self._lent = None

    def pieces(self) -> list[Piece]:
        """The content from the beginning to the end."""
        return list(self._pieces())

    def places(self) -> set[tuple[int, int, int]]:
        """Position, size and checksum of what is not copied."""
        return {(start, piece.size, piece.checksum) for start, piece in self._held.items()}

    def _pieces(self) -> Iterator[Piece]:
        position = 0
        for start, piece in self._in_order():
            yield from map(Piece, self._from_pages(position, start))
            yield piece
            position = start + piece.size
        yield from map(Piece, self._from_pages(position, self._size))

    def _in_order(self) -> list[tuple[int, Piece]]:
        return sorted(self._held.items(), key=lambda item: item[0])

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
        for begin, piece in self._in_order():
            if begin < stop and begin + piece.size > done:
                done = self._copy_pages(target, start, done, begin)
                end = min(stop, begin + piece.size)
                target[done - start : end - start] = piece.data[done - begin : end - begin]
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

    def _piece_of_lent(self, view: memoryview) -> Piece | None:
        """The part of the lent bytes that a buffer is, if it is one."""
        if self._lent is None or len(view) < _LARGE:
            return None
        start = _address(view) - _address(self._lent.data)
        if start == 0 and len(view) == self._lent.size:
            return self._lent
        if start < 0 or start + len(view) > self._lent.size:
            return None
        return Piece(self._lent.data[start : start + len(view)])

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
            if begin < stop and begin + piece.size > start:
                del self._held[begin]
                self._write_pages(begin, piece.data)


def _address(view: memoryview) -> int:
    return np.frombuffer(view, "uint8").ctypes.data
