"""Reads numbers and texts from inspected HDF5 files, and compares them with the manifest."""

import io
import itertools
import os
from collections.abc import Iterator, Set
from typing import Any, BinaryIO, NoReturn

import h5py
import numpy as np

from deepkit.core.errors import CorruptFileError, UnsafeFileError
from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._closing import Closing
from deepkit.saving._formats._damage import damage_in
from deepkit.saving._formats._grouping import by_group, groups_around
from deepkit.saving._formats._inspection import MAX_OBJECTS, DatasetInfo, Inspection
from deepkit.saving._formats._manifest import PATH, Manifest
from deepkit.saving._json import MAX_BYTES

_PART_BYTES = 2**20
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class Hdf5Reader(Closing):
    """An open HDF5 file, inspected.

    Args:
        source: a path, the content of a file, or an open file.
        file: how messages name it.

    Attributes:
        datasets: all datasets, by path.
        groups: all groups, by path; the root's is empty.
        manifest: what the file should hold; empty if its writer left none.

    Raises:
        CorruptFileError: it is empty, truncated, damaged, or no HDF5 file.
        UnsafeFileError: it has links to elsewhere, or asks for more than a limit allows.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes | BinaryIO, file: str) -> None:
        self.file = file
        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        size = _check_signature(opened, file)
        with damage_in(f"'{file}'"):
            self._h5 = h5py.File(opened, "r")
        try:
            with damage_in(f"'{file}'"):
                found = Inspection(self._h5, file, size)
            self.datasets, self.groups = found.datasets, found.groups
            self._by_group = by_group(self.datasets)
            self.manifest = self._read_manifest()
        except BaseException:
            self._h5.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._h5.close()

    def _read_manifest(self) -> Manifest:
        info = self.datasets.pop(PATH, None)
        if info is None:
            return Manifest()
        manifest = Manifest.from_bytes(self._read(info), self.file)
        with damage_in(f"'{self.file}'"):
            texts = set(self._h5.attrs)
        manifest.check_presence(self.datasets, texts, self.file)
        return manifest

    # Numbers

    @property
    def is_noted(self) -> bool:
        """Whether its writer has noted what it should hold."""
        return bool(self.manifest)

    def datasets_in(self, path: str) -> dict[str, DatasetInfo]:
        """The datasets directly in a group, by name; none if there is no such group."""
        return dict(self._by_group.get(path, {}))

    def filled_groups(self) -> set[str]:
        """The paths of all groups that have datasets in them or further in."""
        return groups_around(self.datasets)

    def read(self, info: DatasetInfo, target: str | None = None) -> np.ndarray:
        """The array of a dataset, in native byte order.

        Args:
            info: the dataset.
            target: the dtype to which it will be cast; one of the same family.

        Raises:
            CorruptFileError: it cannot be read, is not what was written, or has numbers too large
                for `target`.
            UnsafeFileError: it holds something else than numbers.
        """
        array = self._read(info)
        self.manifest.check(info.path, [array], self.file)
        _dtypes.check_range(array, target, f"'{info.path}' in '{self.file}'")
        return array

    def verify(self, read: Set[tuple[int, int, int]] = frozenset()) -> None:
        """Read and check all that the manifest lists.

        Args:
            read: position, size and checksum of what was read already.

        Raises:
            CorruptFileError: something is not what was written.
        """
        for path, noted in self.manifest.datasets.items():
            info = self.datasets[path]
            if (info.dataset.id.get_offset(), info.nbytes, noted["crc32"]) not in read:
                self.manifest.check(path, self._parts(info), self.file)

    def _parts(self, info: DatasetInfo) -> Iterator[np.ndarray]:
        """The array of a dataset in rows, each part in the same small memory as the one before."""
        if info.dtype is None or info.nbytes <= _PART_BYTES:
            yield self._read(info)
            return
        rows = max(1, _PART_BYTES * info.shape[0] // info.nbytes)
        memory = np.empty((rows, *info.shape[1:]), info.dataset.dtype)
        for start in range(0, info.shape[0], rows):
            count = min(rows, info.shape[0] - start)
            with damage_in(f"'{info.path}' in '{self.file}'"):
                source, target = np.s_[start : start + count], np.s_[:count]
                info.dataset.read_direct(memory, source, target)
            yield memory[:count]

    def _read(self, info: DatasetInfo) -> np.ndarray:
        if info.dtype is None:
            raise UnsafeFileError(
                f"'{self.file}' is not loaded: '{info.path}' holds data of the type "
                f"{info.dataset.dtype}, where numbers belong."
            )
        with damage_in(f"'{info.path}' in '{self.file}'"):
            array = np.asarray(info.dataset[()])
            if _dtypes.is_opaque(info.dtype):
                return array.view(info.dtype)
            return array.astype(info.dtype.newbyteorder("="), copy=False)

    # Texts

    def text(self, path: str, name: str) -> str | None:
        """A text attribute of a group; `None` if there is none.

        Raises:
            CorruptFileError: it is no text, or longer than the limit.
        """
        if not self._has(path, name):
            return None
        text = self._decode(self._attribute(path, name, 1), path, name)
        if not path:
            self.manifest.check_text(name, text, self.file)
        return text

    def texts(self, path: str, name: str) -> list[str]:
        """A list of texts; a long one is in several attributes, which are numbered."""
        names = [name]
        if not self._has(path, name):
            numbered = (f"{name}{index}" for index in itertools.count())
            names = list(itertools.takewhile(lambda part: self._has(path, part), numbered))
        texts: list[str] = []
        for part in names:
            values = np.ravel(self._attribute(path, part, MAX_OBJECTS - len(texts)))
            texts.extend(self._decode(value, path, name) for value in values)
        if len(set(texts)) != len(texts):
            raise CorruptFileError(
                f"The attribute '{name}' of '{path}' in '{self.file}' lists a name twice."
            )
        return texts

    def _has(self, path: str, name: str) -> bool:
        with damage_in(f"'{self.file}'"):
            return path in self.groups and name in self.groups[path].attrs

    def _attribute(self, path: str, name: str, most: int) -> Any:
        with damage_in(f"The attribute '{name}' of '{path}' in '{self.file}'"):
            identity = h5py.h5a.open(self.groups[path].id, name.encode())
            if identity.get_type().get_class() != h5py.h5t.STRING:
                # An empty list has no type of its own.
                return [] if identity.shape == (0,) else self._refuse_text(path, name)
            count = int(np.prod(identity.shape, dtype="int64"))
            # HDF5 has no size to tell for empty ones.
            size = identity.get_storage_size() if count else 0
            if count > most or size > MAX_BYTES:
                raise CorruptFileError(
                    f"The attribute '{name}' of '{path}' in '{self.file}' is too large."
                )
            return self.groups[path].attrs[name]

    def _decode(self, value: Any, path: str, name: str) -> str:
        try:
            text = value.decode() if isinstance(value, bytes) else value
            if isinstance(text, str) and len(text.encode()) <= MAX_BYTES:
                return text
        except UnicodeError:
            pass
        return self._refuse_text(path, name)

    def _refuse_text(self, path: str, name: str) -> NoReturn:
        raise CorruptFileError(
            f"Expected text of at most {MAX_BYTES:,} bytes in the attribute '{name}' of '{path}' "
            f"in '{self.file}'."
        )


def _check_signature(source: str | os.PathLike[str] | BinaryIO, file: str) -> int:
    """The size of a file, which begins as HDF5 files do."""
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as stream:
            return _check_signature(stream, file)
    start = source.read(len(_SIGNATURE))
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if size == 0:
        raise CorruptFileError(f"'{file}' is empty: it has no bytes.")
    if start != _SIGNATURE[:size]:
        hint = " It is a zip archive: give it the ending `.keras`." if start[:2] == b"PK" else ""
        raise CorruptFileError(f"'{file}' is no HDF5 file, whatever its name says.{hint}")
    return size
