"""A member of a zip archive that is not compressed, as a file of its own."""

import zipfile
from typing import Any, BinaryIO

from deepkit.saving._formats._checksums import checksum_of_file
from deepkit.saving._formats._positioned_file import PositionedFile

_HEADER = 30  # bytes of the local header of a member, before its name


class MemberFile(PositionedFile):
    """A part of a file, to be read.

    Args:
        stream: the file.
        start: where the part begins.
        size: its bytes.
    """

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        super().__init__(size)
        self._stream, self._start = stream, start

    @classmethod
    def of_stored(
        cls, stream: BinaryIO, info: zipfile.ZipInfo, is_verified: bool = False
    ) -> "MemberFile":
        """The content of a member that is stored as it is; its checksum is verified.

        Args:
            stream: the archive.
            info: the member's entry in the archive's directory.
            is_verified: whether the checksum is known to be right.

        Raises:
            zipfile.BadZipFile: the content is not what was stored.
        """
        stream.seek(info.header_offset)
        header = stream.read(_HEADER)
        names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        member = cls(stream, info.header_offset + _HEADER + names, info.file_size)
        is_right = is_verified or checksum_of_file(stream, member._start, member._size) == info.CRC
        if info.compress_size != info.file_size or not is_right:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {info.filename!r}")
        return member

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        count = max(0, min(len(target), self._size - self._position))
        self._stream.seek(self._start + self._position)
        done = self._stream.readinto(target[:count])  # type: ignore[attr-defined]
        self._position += done
        return done
