"""The members of a saved model that is a zip archive; they are read, and never written to disk."""

import contextlib
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterator

from deepkit.core.errors import CorruptFileError, DeepkitError, UnsafeFileError
from deepkit.saving._formats._damage import damage_in
from deepkit.saving._formats._limited_reads import LimitedReads
from deepkit.saving._formats._member_file import MemberFile
from deepkit.saving._formats._member_names import MAX_MEMBERS, WEIGHTS, check_presence
from deepkit.saving._formats._reader import Hdf5Reader

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
        check_presence(name, self.names, self.file)
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


@contextlib.contextmanager
def opened_archive(path: pathlib.Path, file: str) -> Iterator[zipfile.ZipFile]:
    """An archive with members of different, plain names."""
    if path.stat().st_size == 0:
        raise CorruptFileError(f"'{file}' is empty: it has no bytes.")
    with path.open("rb") as stream:
        start = stream.read(4)
        if not start.startswith(b"PK"):
            hint = " It is an HDF5 file: give it the ending `.h5`." if start == b"\x89HDF" else ""
            raise CorruptFileError(f"'{file}' is no zip archive, whatever its name says.{hint}")
        stream.seek(0)
        with damage_in(f"'{file}'"):
            # The directory is read in one go.
            archive = zipfile.ZipFile(LimitedReads(stream, MAX_DIRECTORY))  # type: ignore[arg-type]
            archive.fp = stream
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
