"""What a file is to hold: its checksums, its archive, and that it is read again."""

import datetime
import errno
import io
import os
import zipfile
import zlib

import numpy as np
import pytest

from deepkit.errors import CorruptFileError
from deepkit.saving._formats import _output, _zip
from deepkit.saving._formats._checksums import PART_BYTES, Piece, joined, workers
from deepkit.saving._formats._output import write_pieces
from deepkit.saving._formats._zip import archive_of

DATE = datetime.datetime(2024, 2, 29, 23, 59, 58)


def random_bytes(size, seed=0):
    return np.random.default_rng(seed).bytes(size)


# Checksums


def test_checksums_of_parts_are_joined():
    for sizes in ((0,), (5,), (0, 3), (3, 0), (1, 2**16 + 1, 7), (1000, 1, 0, 4095, 65_536)):
        parts = [random_bytes(size, seed=index) for index, size in enumerate(sizes)]
        found = joined((len(part), zlib.crc32(part)) for part in parts)
        assert found == zlib.crc32(b"".join(parts))


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 3])
def test_a_piece_has_the_checksum_of_its_bytes(size):
    data = random_bytes(size)
    with workers() as pool:
        for piece in (Piece(data), Piece(data, pool)):
            assert piece.checksum == zlib.crc32(data)
            assert sum(size for size, _ in piece.parts()) == piece.size == size
            assert joined(piece.parts()) == zlib.crc32(data)


# Writing


def written(path, parts):
    path.touch()
    with workers() as pool:
        write_pieces(path, [Piece(part, pool) for part in parts], pool, "the file")
    return path.read_bytes()


@pytest.mark.parametrize(
    "sizes", [(), (0,), (3, 0, 5), (PART_BYTES + 5, 10, 3 * PART_BYTES, 1), (70_000,) * 200]
)
def test_all_pieces_are_written(sizes, tmp_path):
    parts = [random_bytes(size, seed=index) for index, size in enumerate(sizes)]
    assert written(tmp_path / "file", parts) == b"".join(parts)


PARTS = [random_bytes(size, seed=size) for size in (100, PART_BYTES + 17, 3)]


@pytest.mark.parametrize("position", [0, 99, 100, PART_BYTES, PART_BYTES + 110, PART_BYTES + 119])
def test_a_byte_that_went_wrong_is_seen(position, tmp_path, monkeypatch):
    """Also one that is changed on its way to the disk."""
    write = _output._write
    before = [0]

    def spoil(stream, data):
        data = bytearray(data)
        if 0 <= position - before[0] < len(data):
            data[position - before[0]] ^= 1
        before[0] += len(data)
        write(stream, memoryview(data))

    monkeypatch.setattr(_output, "_write", spoil)
    with pytest.raises(CorruptFileError, match="'the file' was not saved: .* is not the same"):
        written(tmp_path / "file", PARTS)


@pytest.mark.parametrize("change", [-1, 1], ids=["short", "long"])
def test_a_file_of_another_size_is_seen(change, tmp_path, monkeypatch):
    write = _output._write
    monkeypatch.setattr(
        _output,
        "_write",
        lambda s, d: write(s, memoryview(bytes(d)[:-1] if change < 0 else bytes(d) + b"x")),
    )
    with pytest.raises(CorruptFileError, match="is not the same"):
        written(tmp_path / "file", [b"abc"])


class Slow(io.RawIOBase):
    """Takes a few bytes at a time, and then no more."""

    def __init__(self, most):
        super().__init__()
        self.content, self.most = b"", most

    def write(self, data):
        part = bytes(data[: min(3, self.most - len(self.content))])
        self.content += part
        return len(part)


def test_A02_a_system_that_takes_fewer_bytes_is_asked_again():
    stream = Slow(100)
    _output._write(stream, memoryview(b"eleven byte"))
    assert stream.content == b"eleven byte"


def test_A02_a_system_that_takes_no_bytes_is_an_error():
    with pytest.raises(OSError, match="takes no more bytes") as error:
        _output._write(Slow(5), memoryview(b"eleven byte"))
    assert error.value.errno == errno.EIO


def test_an_error_of_the_disk_is_raised(tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        written(tmp_path / "file", [b"abc"])


# Archives

MEMBERS = {"a.json": b"{}", "folder/ümlaut": b"", "large": random_bytes(PART_BYTES + 1)}


@pytest.mark.parametrize("limits", [None, (100, 2), (3, 1)], ids=["small", "large", "all-large"])
def test_an_archive_is_one_for_others(limits, monkeypatch):
    """With the limits lowered, the records for large archives are used."""
    if limits is not None:
        monkeypatch.setattr(_zip, "_LIMIT", limits[0])
        monkeypatch.setattr(_zip, "_LIMIT_OF_COUNT", limits[1])
    members = {name: [Piece(data[:1]), Piece(data[1:])] for name, data in MEMBERS.items()}
    content = b"".join(piece.data for piece in archive_of(members, DATE))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == MEMBERS
        for info in archive.infolist():
            assert info.date_time == (2024, 2, 29, 23, 59, 58)
            assert info.external_attr >> 16 == 0o100600


def test_an_archive_larger_than_4_gibibytes(tmp_path):
    """Its content is a hole in a file: the archive says the right sizes and places."""
    size = 2**32 + 10

    class Hole(Piece):
        def __init__(self):
            self.data, self.checksum = memoryview(b""), 0

        @property
        def size(self):
            return size

    members = {"a": [Piece(b"1")], "hole": [Hole()], "b": [Piece(b"2")]}
    path = tmp_path / "large.zip"
    with path.open("wb") as stream:
        for piece in archive_of(members, DATE):
            stream.write(piece.data)
            stream.seek(piece.size - len(piece.data), os.SEEK_CUR)
    with zipfile.ZipFile(path) as archive:
        assert [info.file_size for info in archive.infolist()] == [1, size, 1]
        assert archive.read("a") == b"1" and archive.read("b") == b"2"
        with archive.open("hole") as member:
            assert member.read(5) == bytes(5)
