"""The members of a saved model: of a zip archive, or of a folder.

Members are read in their place or in memory, and never written to disk.
"""

import contextlib
import os
import pathlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Protocol

from deepkit.core.errors import CorruptFileError, DeepkitError, UnsafeFileError
from deepkit.saving._formats._checksums import checksum_of_file
from deepkit.saving._formats._limited_reads import LimitedReads
from deepkit.saving._formats._member_file import MemberFile
from deepkit.saving._formats._plain_file import open_plain
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._json import MAX_BYTES, read_json

METADATA = "metadata.json"
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets"
# The key of a folder's metadata with sizes and checksums of the other files.
NOTED = "deepkit_members"

MAX_MEMBERS = 10_000
# Weights hardly compress, and Keras and deepkit store them as they are.
MAX_EXPANSION = 20
FREE_BYTES = 16 * 2**20
MAX_DIRECTORY = 2 * 2**20
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # of encrypted members; members of newer kinds are one kind of these
)
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}


class Members(Protocol):
    """What a model was saved as.

    Attributes:
        file: how messages name it.
        names: the names of all members.
        stored_size: the bytes of all that was saved, as it is stored.
    """

    file: str
    names: list[str]
    stored_size: int

    def size(self, name: str) -> int:
        """The bytes of a member, which is there and not too large."""

    def read(self, name: str) -> bytes:
        """The content of a member, whose checksum is verified."""

    def weights(self, is_verified: bool = False) -> contextlib.AbstractContextManager[Hdf5Reader]:
        """The HDF5 file of the weights.

        Args:
            is_verified: whether its checksum is known to be right.
        """


@contextlib.contextmanager
def opened(path: pathlib.Path, file: str) -> Iterator[Members]:
    """The members of an archive or a folder."""
    if path.is_dir():
        yield FolderMembers(path, file)
    else:
        with _opened_archive(path, file) as archive:
            yield ArchiveMembers(archive, file)


class ArchiveMembers:
    """The members of a zip archive, which have different, plain names.

    Args:
        archive: the archive.
        file: how messages name it.
    """

    def __init__(self, archive: zipfile.ZipFile, file: str) -> None:
        self.file, self._archive = file, archive
        self.names = archive.namelist()
        check_names(self.names, file)
        self.stored_size = sum(info.compress_size for info in archive.infolist())

    def size(self, name: str) -> int:
        """The bytes of a member, which is there and not too large."""
        return self._described(name).file_size

    def read(self, name: str) -> bytes:
        """The content of a member, whose checksum is verified."""
        info = self._described(name)
        with _damage_of(name, self.file), self._archive.open(info) as member:
            # A member that is longer than it declares is cut off, and fails its checksum.
            content = member.read(info.file_size)
            member.read(1)
            return content

    @contextlib.contextmanager
    def weights(self, is_verified: bool = False) -> Iterator[Hdf5Reader]:
        """The HDF5 file of the weights."""
        info = self._described(WEIGHTS)
        content: bytes | MemberFile
        if info.compress_type == zipfile.ZIP_STORED:
            with _damage_of(WEIGHTS, self.file):
                # Reads the header before the content, and compares it with the directory.
                self._archive.open(info).close()
                content = MemberFile.of_stored(self._archive.fp, info, is_verified)
        else:
            content = self.read(WEIGHTS)
        with Hdf5Reader(content, f"{self.file}/{WEIGHTS}") as reader:
            yield reader

    def _described(self, name: str) -> zipfile.ZipInfo:
        """What the archive says of a member, which is there and not too large."""
        _check_presence(name, self)
        info = self._archive.getinfo(name)
        if info.compress_type not in _METHODS:
            raise UnsafeFileError(
                f"'{self.file}' is not loaded: '{name}' is packed by method {info.compress_type}, "
                f"and only {' and '.join(_METHODS.values())} members are read."
            )
        if info.file_size > FREE_BYTES + MAX_EXPANSION * info.compress_size:
            raise UnsafeFileError(
                f"'{self.file}' is not loaded: '{name}' would unpack {info.compress_size:,} bytes "
                f"to {info.file_size:,}."
            )
        return info


class FolderMembers:
    """The files of a folder, none of which is a link.

    Args:
        folder: the folder.
        file: how messages name it.
    """

    def __init__(self, folder: pathlib.Path, file: str) -> None:
        self.file, self._folder = file, folder
        self.names = list(_names_in(folder, file))
        self.stored_size = sum(_stored_size(folder / name) for name in self.names)
        self._noted: Mapping[str, Any] = {}
        if METADATA in self.names:
            metadata = read_json(self.read(METADATA), METADATA, file)
            noted = metadata.get(NOTED, {}) if isinstance(metadata, dict) else {}
            self._noted = noted if isinstance(noted, dict) else {}
        lacking = sorted(set(self._noted) - set(self.names))
        if lacking:
            raise CorruptFileError(f"'{file}' is damaged: {lacking[:5]} are not in the folder.")

    def size(self, name: str) -> int:
        """The bytes of a member, which is there."""
        _check_presence(name, self)
        return (self._folder / name).lstat().st_size

    def read(self, name: str) -> bytes:
        """The content of a member, whose checksum is verified."""
        if name in (METADATA, CONFIG) and self.size(name) > MAX_BYTES:
            raise CorruptFileError(
                f"Expected at most {MAX_BYTES:,} bytes in '{name}' of '{self.file}', received "
                f"{self.size(name):,}."
            )
        with self._stream(name) as stream:
            return stream.read()

    @contextlib.contextmanager
    def weights(self, is_verified: bool = False) -> Iterator[Hdf5Reader]:
        """The HDF5 file of the weights."""
        name = f"{self.file}/{WEIGHTS}"
        with self._stream(WEIGHTS, is_verified) as stream, Hdf5Reader(stream, name) as reader:
            yield reader

    @contextlib.contextmanager
    def _stream(self, name: str, is_verified: bool = False) -> Iterator[BinaryIO]:
        _check_presence(name, self)
        with open_plain(self._folder / name, self.file) as stream:
            noted = self._noted.get(name)
            if noted is not None and not is_verified and not _is_as_noted(stream, noted):
                raise CorruptFileError(
                    f"'{name}' in '{self.file}' is damaged, or not the one that was saved with it."
                )
            stream.seek(0)
            yield stream


def _is_as_noted(stream: BinaryIO, noted: Any) -> bool:
    """Whether a file has the size and checksum that were noted for it."""
    size = stream.seek(0, os.SEEK_END)
    if not isinstance(noted, dict) or noted.get("bytes") != size:
        return False
    return noted.get("crc32") == checksum_of_file(stream, 0, size)


def _stored_size(path: pathlib.Path) -> int:
    """The bytes that a file takes on the disk: those of holes are not stored."""
    found = path.lstat()
    return min(found.st_size, 512 * getattr(found, "st_blocks", found.st_size))


def _check_presence(name: str, members: Members) -> None:
    if name not in members.names:
        raise CorruptFileError(
            f"'{members.file}' is no saved model: it has no '{name}', only {members.names[:5]}."
        )


def _names_in(folder: pathlib.Path, file: str) -> Iterator[str]:
    """The files of a model in a folder; others are not looked at."""
    waiting = [METADATA, CONFIG, WEIGHTS, ASSETS]
    count = 0
    while waiting:
        name = waiting.pop(0)
        try:
            mode = (folder / name).lstat().st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISDIR(mode):
            waiting += [f"{name}/{inner}" for inner in sorted(os.listdir(folder / name))]
        elif stat.S_ISREG(mode):
            yield name
        else:
            raise UnsafeFileError(f"'{file}' is not loaded: '{name[:100]}' is a link or no file.")
        count += 1
        if count + len(waiting) > MAX_MEMBERS:
            raise CorruptFileError(f"Expected at most {MAX_MEMBERS:,} files in '{file}'.")


@contextlib.contextmanager
def _opened_archive(path: pathlib.Path, file: str) -> Iterator[zipfile.ZipFile]:
    """An archive with members of different, plain names."""
    if path.stat().st_size == 0:
        raise CorruptFileError(f"'{file}' is empty: it has no bytes.")
    with path.open("rb") as stream:
        start = stream.read(4)
        if not start.startswith(b"PK"):
            hint = " It is an HDF5 file: give it the ending `.h5`." if start == b"\x89HDF" else ""
            raise CorruptFileError(f"'{file}' is no zip archive, whatever its name says.{hint}")
        stream.seek(0)
        try:
            # The directory is read in one go.
            archive = zipfile.ZipFile(LimitedReads(stream, MAX_DIRECTORY))  # type: ignore[arg-type]
            archive.fp = stream
        except _DAMAGED as error:
            raise CorruptFileError(f"'{file}' is truncated or damaged: {error}") from error
        with archive:
            yield archive


def check_names(names: list[str], file: str) -> None:
    """Raise unless the members of an archive have different names that lie within it."""
    if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
        raise CorruptFileError(
            f"Expected at most {MAX_MEMBERS:,} members with different names in '{file}'."
        )
    for name in names:
        steps = name.replace("\\", "/").split("/")
        if ".." in steps or not steps[0] or ":" in steps[0]:
            raise UnsafeFileError(
                f"'{file}' is not loaded: its member {name[:100]!r} lies outside of the archive."
            )


@contextlib.contextmanager
def _damage_of(name: str, file: str) -> Iterator[None]:
    try:
        yield
    except DeepkitError:
        raise
    except _DAMAGED as error:
        raise CorruptFileError(f"'{name}' in '{file}' is damaged: {error}") from error
