"""Reads HDF5 files of which nothing is trusted.

Only hard links are followed, only numbers are read, and all shapes and sizes are known and bounded
before anything is allocated.
"""

import dataclasses
import io
import itertools
import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, NoReturn

import h5py
import numpy as np

from deepkit.core.errors import CorruptFileError, UnsafeFileError
from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._manifest import PATH, Manifest
from deepkit.saving._json import MAX_BYTES

MAX_OBJECTS = 100_000
MAX_DEPTH = 64
MAX_NAMES = 1_000_000
# DEFLATE makes data at most 1,032 times smaller.
MAX_EXPANSION = 1032
FREE_BYTES = 64 * 2**20

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_PLAIN_LAYOUTS = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED)


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """What is known of a dataset before it is read.

    Attributes:
        path: its path in the file.
        shape: its shape.
        dtype: the dtype of its numbers; `None` if it holds something else.
        dataset: to read it.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype | None
    dataset: h5py.Dataset

    @property
    def nbytes(self) -> int:
        """The bytes that its array takes."""
        itemsize = self.dtype.itemsize if self.dtype is not None else 0
        # Python's integers do not overflow.
        size = itemsize
        for length in self.shape:
            size *= int(length)
        return size


class Hdf5Reader:
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
        try:
            self._h5 = h5py.File(opened, "r")
        except OSError as error:
            raise CorruptFileError(f"'{file}' is truncated or damaged: {error}") from error
        self.datasets: dict[str, DatasetInfo] = {}
        self.groups: dict[str, h5py.Group] = {}
        try:
            self._inspect()
            self._check_total(size)
            self.manifest = self._read_manifest()
        except BaseException:
            self._h5.close()
            raise

    def __enter__(self) -> "Hdf5Reader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._h5.close()

    # Inspection

    def _inspect(self) -> None:
        try:
            self._inspect_groups()
        except (OSError, RuntimeError, KeyError, TypeError, UnicodeError) as error:
            if isinstance(error, CorruptFileError):
                raise
            raise CorruptFileError(f"'{self.file}' is damaged: {error}") from error

    def _inspect_groups(self) -> None:
        """Visit all groups without recursion; a group is reached by one path only."""
        seen = set()
        waiting: list[tuple[str, h5py.Group, int]] = [("", self._h5["/"], 0)]
        count = 0
        while waiting:
            path, group, depth = waiting.pop()
            if group.id in seen:
                self._refuse(f"the group '{path}' is linked to in more than one place")
            seen.add(group.id)
            self.groups[path] = group
            count += len(group)
            if count > MAX_OBJECTS or depth > MAX_DEPTH:
                self._refuse(
                    f"it has more than {MAX_OBJECTS:,} objects, or more than {MAX_DEPTH} levels"
                )
            for name, member in self._members(path, group):
                inner = f"{path}/{name}" if path else name
                if isinstance(member, h5py.Group):
                    waiting.append((inner, member, depth + 1))
                elif isinstance(member, h5py.Dataset):
                    self.datasets[inner] = self._describe(inner, member)

    def _members(self, path: str, group: h5py.Group) -> Iterator[tuple[str, Any]]:
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                self._refuse(f"'{path}/{name}' is a {type(link).__name__} to somewhere else")
            yield name, group[name]

    def _describe(self, path: str, dataset: h5py.Dataset) -> DatasetInfo:
        # The layout comes first: asking a virtual dataset for its shape may open other files.
        properties = dataset.id.get_create_plist()
        layout = properties.get_layout()
        if layout not in _PLAIN_LAYOUTS:
            self._refuse(f"the dataset '{path}' is made of parts of other files")
        if properties.get_external_count():
            self._refuse(f"the data of '{path}' lie in another file")
        filters = {properties.get_filter(i)[0] for i in range(properties.get_nfilters())}
        if not filters <= _FILTERS:
            self._refuse(f"the dataset '{path}' is packed by an unknown filter")
        shape = dataset.shape
        info = DatasetInfo(path, shape or (), _number_dtype(dataset, shape), dataset)
        stored = dataset.id.get_storage_size()
        if info.dtype is not None and layout == h5py.h5d.CONTIGUOUS and stored < info.nbytes:
            self._refuse(f"'{path}' declares {info.nbytes:,} bytes and has {stored:,}")
        return info

    def _check_total(self, file_size: int) -> None:
        total = sum(info.nbytes for info in self.datasets.values())
        allowed = FREE_BYTES + MAX_EXPANSION * file_size
        if total > allowed:
            self._refuse(
                f"its datasets declare {total:,} bytes, more than the {allowed:,} that a file of "
                f"{file_size:,} bytes can hold"
            )

    def _read_manifest(self) -> Manifest:
        info = self.datasets.pop(PATH, None)
        if info is None:
            return Manifest()
        manifest = Manifest.from_bytes(self._read(info), self.file)
        found = {path: (info.shape, info.dtype) for path, info in self.datasets.items()}
        manifest.check_presence(found, self.file)
        return manifest

    def _refuse(self, reason: str) -> NoReturn:
        raise UnsafeFileError(f"'{self.file}' is not loaded: {reason}.")

    # Reading

    def datasets_in(self, path: str) -> dict[str, DatasetInfo]:
        """The datasets directly in a group, by name; none if there is no such group."""
        group = self.groups.get(path)
        if group is None:
            return {}
        prefix = f"{path}/" if path else ""
        return {
            name: self.datasets[f"{prefix}{name}"]
            for name in group
            if f"{prefix}{name}" in self.datasets
        }

    def read(self, info: DatasetInfo) -> np.ndarray:
        """The array of a dataset, in native byte order.

        Raises:
            CorruptFileError: it cannot be read, or is not what was written.
            UnsafeFileError: it holds something else than numbers.
        """
        array = self._read(info)
        self.manifest.check(info.path, array, self.file)
        return array

    def verify(self) -> None:
        """Read and check all that the manifest lists.

        Raises:
            CorruptFileError: something is not what was written.
        """
        for path in self.manifest.datasets:
            self.read(self.datasets[path])

    def _read(self, info: DatasetInfo) -> np.ndarray:
        if info.dtype is None:
            self._refuse(f"'{info.path}' holds {info.dataset.dtype}, where numbers belong")
        try:
            array = np.asarray(info.dataset[()])
        except (OSError, RuntimeError) as error:
            raise CorruptFileError(f"'{info.path}' in '{self.file}' is damaged: {error}") from error
        if _dtypes.is_opaque(info.dtype):
            return array.view(info.dtype)
        return array.astype(info.dtype.newbyteorder("="), copy=False)

    def text(self, path: str, name: str) -> str | None:
        """A text attribute of a group; `None` if there is none.

        Raises:
            CorruptFileError: it is no text, or longer than the limit.
        """
        if path not in self.groups or name not in self.groups[path].attrs:
            return None
        value = self._attribute(path, name, 1)
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(())[()]
        text = self._decode(value, path, name)
        if not path:
            self.manifest.check_text(name, text, self.file)
        return text

    def texts(self, path: str, name: str) -> list[str]:
        """A list of texts, which long ones are split into numbered attributes for."""
        if path not in self.groups:
            return []
        attributes = self.groups[path].attrs
        numbered = (f"{name}{index}" for index in itertools.count())
        names = (
            [name] if name in attributes else itertools.takewhile(attributes.__contains__, numbered)
        )
        parts = [np.ravel(self._attribute(path, part, MAX_NAMES)) for part in names]
        return [self._decode(value, path, name) for part in parts for value in part]

    def _attribute(self, path: str, name: str, most: int) -> Any:
        group = self.groups[path]
        try:
            identity = h5py.h5a.open(group.id, name.encode())
            count = int(np.prod(identity.shape, dtype="int64"))
            # HDF5 has no size to tell for empty ones.
            size = identity.get_storage_size() if count else 0
            if count > most or size > MAX_BYTES:
                raise CorruptFileError(
                    f"The attribute '{name}' of '{path}' in '{self.file}' is too large."
                )
            return group.attrs[name]
        except (OSError, RuntimeError, KeyError, TypeError, UnicodeError) as error:
            if isinstance(error, CorruptFileError):
                raise
            raise CorruptFileError(
                f"The attribute '{name}' of '{path}' in '{self.file}' is damaged: {error}"
            ) from error

    def _decode(self, value: Any, path: str, name: str) -> str:
        try:
            text = value.decode() if isinstance(value, bytes) else value
        except UnicodeDecodeError:
            text = None
        if not isinstance(text, str) or len(text) > MAX_BYTES:
            raise CorruptFileError(
                f"Expected text of at most {MAX_BYTES:,} letters in the attribute '{name}' of "
                f"'{path}' in '{self.file}', received {type(value).__name__}."
            )
        return text


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


def _number_dtype(dataset: h5py.Dataset, shape: tuple[int, ...] | None) -> np.dtype | None:
    dtype = dataset.dtype
    if shape is None:
        return None
    if dtype.kind == "V" and dtype.names is None and dtype.subdtype is None:
        name = dataset.attrs.get("dtype") if "dtype" in dataset.attrs else None
        name = name.decode(errors="replace") if isinstance(name, bytes) else name
        return _dtypes.opaque_dtype(name if isinstance(name, str) else None, dtype.itemsize)
    return dtype if _dtypes.is_numeric(dtype) else None
