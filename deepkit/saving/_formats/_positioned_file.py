"""PositionedFile: the base of files that are no files on disk but have a position and a size."""

import io
import os


class PositionedFile(io.RawIOBase):
    """A file that can be read from any place; the subclass reads.

    Args:
        size: its bytes at first.
    """

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        self._position, self._size = 0, size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position
