"""A file of which no more than so much is read at a time."""

from typing import BinaryIO


class LimitedReads:
    """Raises where a reader asks for more, as one does that believes a damaged file.

    Args:
        stream: the file.
        most: the bytes of one read.
    """

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream, self._most = stream, most

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            ValueError: they are too many.
        """
        data = self._stream.read(size if 0 <= size <= self._most else self._most + 1)
        if len(data) > self._most:
            raise ValueError(f"its directory of members takes more than {self._most:,} bytes.")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._stream.tell()

    def seekable(self) -> bool:
        """Whether `seek` works."""
        return True
