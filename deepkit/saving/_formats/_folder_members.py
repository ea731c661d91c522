"""The members of a saved model that is a folder."""

import contextlib
import os
import pathlib
import stat
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from deepkit.core.errors import CorruptFileError, UnsafeFileError
from deepkit.saving._formats._checksums import checksum_of_file
from deepkit.saving._formats._member_names import (
    ASSETS,
    CONFIG,
    MAX_MEMBERS,
    METADATA,
    NOTED,
    WEIGHTS,
    check_presence,
)
from deepkit.saving._formats._plain_file import open_plain
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._json import MAX_BYTES, read_json


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
        check_presence(name, self.names, self.file)
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
        check_presence(name, self.names, self.file)
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
