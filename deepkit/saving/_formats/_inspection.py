"""Finds out what is in an HDF5 file of which nothing is trusted.

Only hard links are followed, and all shapes and sizes are known and bounded before anything is
allocated.
"""

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import h5py
import numpy as np

from deepkit.core.errors import UnsafeFileError
from deepkit.saving._formats import _dtypes
from deepkit.saving._json import MAX_BYTES

MAX_OBJECTS = 30_000
MAX_DEPTH = 64
# Weights hardly compress.
MAX_EXPANSION = 20
FREE_BYTES = 64 * 2**20
BYTES_OF_AN_OBJECT = 4000
_SMALL_CHUNK = 2**20
_LONGEST_DTYPE_NAME = 32

_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_PLAIN_LAYOUTS = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED)
_LINKS = {h5py.h5l.TYPE_SOFT: "SoftLink", h5py.h5l.TYPE_EXTERNAL: "ExternalLink"}
_NUMBERS = (h5py.h5t.INTEGER, h5py.h5t.FLOAT)


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """What is known of a dataset before it is read.

    Attributes:
        path: its path in the file.
        shape: its shape.
        dtype: the dtype of its numbers; `None` if it holds something else.
        address: where it lies in the file.
        file: the open file.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype | None
    address: int
    file: h5py.File

    @functools.cached_property
    def dataset(self) -> h5py.Dataset:
        """To read it; opened when it is first asked for, as open datasets take memory."""
        return self.file[self.path]

    @property
    def identity(self) -> tuple[int, int]:
        """What two paths of one dataset have in common."""
        return id(self.file), self.address

    @property
    def nbytes(self) -> int:
        """The bytes that its array takes, in an integer that does not overflow."""
        size = self.dtype.itemsize if self.dtype is not None else 0
        for length in self.shape:
            size *= int(length)
        return size


class Groups(Mapping[str, h5py.Group]):
    """Groups by path, each opened when it is asked for.

    Args:
        h5: the open file.
        paths: the paths; the root's is empty.
    """

    def __init__(self, h5: h5py.File, paths: dict[str, None]) -> None:
        self._h5, self._paths = h5, paths

    def __getitem__(self, path: str) -> h5py.Group:
        if path not in self._paths:
            raise KeyError(path)
        return self._h5[path or "/"]

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class Inspection:
    """All that is in a file.

    Args:
        h5: the open file.
        file: how messages name it.
        file_size: its size in bytes.

    Attributes:
        datasets: all datasets, by path.
        groups: all groups, by path; the root's is empty.

    Raises:
        UnsafeFileError: it has links to elsewhere, or asks for more than a limit allows.
    """

    def __init__(self, h5: h5py.File, file: str, file_size: int) -> None:
        self._h5, self._file, self._file_size = h5, file, file_size
        self.datasets: dict[str, DatasetInfo] = {}
        self._count = self._stored = 0
        self._paths: dict[str, None] = {}
        self._visit()
        self.groups = Groups(h5, self._paths)
        self._check_total()

    def _visit(self) -> None:
        """Visit all groups without recursion; a group is reached by one path only."""
        seen = set()
        waiting = [("", 0)]
        while waiting:
            path, depth = waiting.pop()
            group = h5py.h5g.open(self._h5.id, b"/" + path.encode(errors="surrogateescape"))
            address = h5py.h5o.get_info(group).addr
            if address in seen:
                self._refuse(f"the group '{path}' is linked to in more than one place")
            seen.add(address)
            self._paths[path] = None
            for name, address in self._links(path, group):
                self._count += 1
                inner = f"{path}/{name}" if path else name
                member = h5py.h5o.open(group, name.encode(errors="surrogateescape"))
                if isinstance(member, h5py.h5g.GroupID):
                    waiting.append((inner, depth + 1))
                elif isinstance(member, h5py.h5d.DatasetID):
                    self.datasets[inner] = self._describe(inner, member, address)
            if self._count > MAX_OBJECTS or depth > MAX_DEPTH:
                self._refuse_crowd()

    def _links(self, path: str, group: h5py.h5g.GroupID) -> list[tuple[str, int]]:
        """The names in a group, all of them hard links, and the address of what each names."""
        links: list[tuple[bytes, int, int]] = []
        most = MAX_OBJECTS - self._count

        def note(name: bytes, link: Any) -> bool | None:
            links.append((name, link.type, link.u))
            # Anything but None ends the iteration; HDF5 has no way for an error to pass.
            return True if len(links) > most else None

        group.links.iterate(note, info=True)
        if len(links) > most:
            self._refuse_crowd()
        return [(self._checked_name(path, name, kind), place) for name, kind, place in links]

    def _checked_name(self, path: str, name: bytes, kind: int) -> str:
        text = name.decode(errors="surrogateescape")
        if kind != h5py.h5l.TYPE_HARD:
            shown = _LINKS.get(kind, "link of an unknown kind")
            self._refuse(f"'{path}/{text[:100]}' is a {shown} to somewhere else")
        if text in ("", ".") or "/" in text:
            self._refuse(f"a name in '{path}' is {text[:100]!r}, which is a path")
        return text

    def _describe(self, path: str, dataset: h5py.h5d.DatasetID, address: int) -> DatasetInfo:
        # The layout comes first: asking a virtual dataset for its shape may open other files.
        properties = dataset.get_create_plist()
        layout = properties.get_layout()
        if layout not in _PLAIN_LAYOUTS:
            self._refuse(f"the dataset '{path}' is made of parts of other files")
        if properties.get_external_count():
            self._refuse(f"the data of '{path}' lie in another file")
        filters = {properties.get_filter(i)[0] for i in range(properties.get_nfilters())}
        if not filters <= _FILTERS:
            self._refuse(f"the dataset '{path}' is packed by an unknown filter")
        is_empty = dataset.get_space().get_simple_extent_type() == h5py.h5s.NULL
        shape = () if is_empty else dataset.shape
        dtype = None if is_empty else _number_dtype(dataset)
        info = DatasetInfo(path, shape, dtype, address, self._h5)
        stored = dataset.get_storage_size()
        self._stored += stored
        if layout == h5py.h5d.CONTIGUOUS and stored < info.nbytes:
            self._refuse(f"'{path}' declares {info.nbytes:,} bytes and has {stored:,}")
        if layout == h5py.h5d.CHUNKED:
            self._check_chunk(info, math.prod(properties.get_chunk()))
        return info

    def _check_chunk(self, info: DatasetInfo, count: int) -> None:
        """HDF5 unpacks whole chunks, however little of them a dataset uses."""
        size = count * (info.dtype.itemsize if info.dtype is not None else 1)
        if size > max(_SMALL_CHUNK, info.nbytes):
            self._refuse(f"'{info.path}' of {info.nbytes:,} bytes is in chunks of {size:,}")

    def _check_total(self) -> None:
        rest = self._file_size - self._stored
        most = MAX_BYTES + BYTES_OF_AN_OBJECT * (self._count + 1)
        if rest > most:
            self._refuse(
                f"it has {rest:,} bytes that are no arrays, and at most {most:,} are expected: "
                f"{MAX_BYTES:,} bytes of text, and {BYTES_OF_AN_OBJECT:,} for each object"
            )
        total = sum(info.nbytes for info in self.datasets.values())
        allowed = FREE_BYTES + MAX_EXPANSION * self._file_size
        if total > allowed:
            self._refuse(
                f"its datasets declare {total:,} bytes, more than the {allowed:,} that a file of "
                f"{self._file_size:,} bytes may hold"
            )

    def _refuse_crowd(self) -> NoReturn:
        self._refuse(f"it has more than {MAX_OBJECTS:,} objects, or more than {MAX_DEPTH} levels")

    def _refuse(self, reason: str) -> NoReturn:
        raise UnsafeFileError(f"'{self._file}' is not loaded: {reason}.")


def _number_dtype(dataset: h5py.h5d.DatasetID) -> np.dtype | None:
    """The dtype of a dataset of numbers.

    The class is asked for first: the types of other datasets can be nested without an end.
    """
    kind = dataset.get_type()
    if kind.get_class() == h5py.h5t.OPAQUE:
        return _dtypes.opaque_dtype(_noted_dtype(dataset), kind.get_size())
    is_bool = kind.get_class() == h5py.h5t.ENUM and kind.get_nmembers() == 2
    is_complex = kind.get_class() == h5py.h5t.COMPOUND and kind.get_nmembers() == 2
    if not (kind.get_class() in _NUMBERS or is_bool or is_complex):
        return None
    dtype = kind.dtype
    return dtype if _dtypes.is_numeric(dtype) else None


def _noted_dtype(dataset: h5py.h5d.DatasetID) -> str | None:
    """What an attribute says of the dtype of opaque bytes."""
    if not h5py.h5a.exists(dataset, b"dtype"):
        return None
    attribute = h5py.h5a.open(dataset, b"dtype")
    is_one = attribute.get_space().get_simple_extent_type() == h5py.h5s.SCALAR
    if not is_one or attribute.get_storage_size() > _LONGEST_DTYPE_NAME:
        return None
    name = h5py.Dataset(dataset).attrs["dtype"]
    name = name.decode(errors="replace") if isinstance(name, bytes) else name
    return name if isinstance(name, str) else None
