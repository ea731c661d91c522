"""Zip archives of members that are stored as they are, made of pieces whose checksums are known.

The `zipfile` of Python would take the checksum of each byte again, which is a third of the time of
a save.
"""

import datetime
import struct
from collections.abc import Iterable, Mapping

from deepkit.saving._formats._checksums import Piece, joined

# Sizes and positions from here on have 8 bytes in a record of their own.
_LIMIT = _ELSEWHERE = 0xFFFFFFFF
_LIMIT_OF_COUNT = _COUNT_ELSEWHERE = 0xFFFF
_VERSION = 20
_VERSION_OF_LARGE = 45
_UTF_8 = 1 << 11
_UNIX = 3
_MODE = 0o100600


def archive_of(members: Mapping[str, Iterable[Piece]], date: datetime.datetime) -> list[Piece]:
    """The content of an archive.

    Args:
        members: the content of each member, by name.
        date: when they were made.
    """
    pieces: list[Piece] = []
    directory = b""
    position = 0
    for name, content in members.items():
        content = list(content)
        header, entry = _described(name, content, date, position)
        pieces += [Piece(header), *content]
        directory += entry
        position += len(header) + _size(content)
    return [*pieces, Piece(directory + _end(len(members), len(directory), position))]


def _size(content: Iterable[Piece]) -> int:
    return sum(piece.size for piece in content)


def _described(
    name: str, content: list[Piece], date: datetime.datetime, position: int
) -> tuple[bytes, bytes]:
    """What stands before a member, and its entry in the directory at the end."""
    size, encoded = _size(content), name.encode()
    checksum = joined((piece.size, piece.checksum) for piece in content)
    is_large = max(size, position) >= _LIMIT
    time = date.hour << 11 | date.minute << 5 | date.second // 2
    day = max(0, date.year - 1980) << 9 | date.month << 5 | date.day
    # Needed version, flags, method, time, date, checksum, sizes, length of the name.
    common = struct.pack(
        "<5H3LH",
        _VERSION_OF_LARGE if is_large else _VERSION,
        0 if name.isascii() else _UTF_8,
        0,
        time,
        day,
        checksum,
        *[_ELSEWHERE if is_large else size] * 2,
        len(encoded),
    )
    sizes = struct.pack("<2H2Q", 1, 16, size, size) if is_large else b""
    header = b"PK\x03\x04" + common + struct.pack("<H", len(sizes)) + encoded + sizes
    extra = struct.pack("<2H3Q", 1, 24, size, size, position) if is_large else b""
    # Length of the record and of the comment, disk, kind of text, mode, position.
    place = struct.pack(
        "<4H2L", len(extra), 0, 0, 0, _MODE << 16, _ELSEWHERE if is_large else position
    )
    version = bytes([_VERSION_OF_LARGE, _UNIX])
    return header, b"PK\x01\x02" + version + common + place + encoded + extra


def _end(count: int, size: int, position: int) -> bytes:
    """What stands after a directory of a size, which begins at a position."""
    short = [count, count, size, position]
    end = b""
    if max(size, position) >= _LIMIT or count >= _LIMIT_OF_COUNT:
        version = [_UNIX << 8 | _VERSION_OF_LARGE, _VERSION_OF_LARGE]
        end = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, *version, 0, 0, *short)
        end += b"PK\x06\x07" + struct.pack("<LQL", 0, position + size, 1)
        short = [_COUNT_ELSEWHERE, _COUNT_ELSEWHERE, _ELSEWHERE, _ELSEWHERE]
    return end + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, *short, 0)
