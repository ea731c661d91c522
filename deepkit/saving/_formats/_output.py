"""Writes files, and reads them again to see that they hold what was meant."""

import errno
import io
import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor

from deepkit.core.errors import CorruptFileError
from deepkit.saving._formats._checksums import PART_BYTES, Piece, checksum_of_file

# Size and checksum of what lies one after the other from a position on.
_Run = tuple[int, list[tuple[int, int]]]


def write_pieces(path: pathlib.Path, pieces: Sequence[Piece], pool: Executor, file: str) -> None:
    """Fill a file that is there, read it again, and have it synced to the disk meanwhile.

    Args:
        path: the file.
        pieces: its content.
        pool: threads for reading and syncing.
        file: how messages name it.

    Raises:
        OSError: it cannot be written.
        CorruptFileError: what is read differs from what was written.
    """
    with path.open("r+b", buffering=0) as stream:
        for piece in pieces:
            _write(stream, piece.data)
        synced = pool.submit(os.fsync, stream.fileno())
        same = pool.map(lambda run: _is_there(path, run), _runs(pieces))
        size = sum(piece.size for piece in pieces)
        if not all(same) or os.fstat(stream.fileno()).st_size != size:
            raise CorruptFileError(
                f"'{file}' was not saved: what was written was read again, and is not the same. "
                f"The disk or the memory may be damaged."
            )
        synced.result()


def _write(stream: io.RawIOBase, data: memoryview) -> None:
    """Write all of some bytes: the system may take fewer at a time."""
    while data:
        count = stream.write(data)
        if not count:
            raise OSError(errno.EIO, "The disk takes no more bytes")
        data = data[count:]


def _runs(pieces: Iterable[Piece]) -> Iterator[_Run]:
    """Parts of a file that are worth a thread each."""
    start = end = 0
    run: list[tuple[int, int]] = []
    for piece in pieces:
        for size, checksum in piece.parts():
            run.append((size, checksum))
            end += size
            if end - start >= PART_BYTES:
                yield start, run
                start, run = end, []
    yield start, run


def _is_there(path: pathlib.Path, run: _Run) -> bool:
    position, parts = run
    with path.open("rb", buffering=0) as stream:
        for size, expected in parts:
            if checksum_of_file(stream, position, size) != expected:
                return False
            position += size
    return True
