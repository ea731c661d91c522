"""Finds out what is in an HDF5 file of which nothing is trusted.

Only hard links are followed, and all shapes and sizes are known and bounded before anything is
allocated.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, NoReturn

import h5py
import numpy as np

from deepkit.core.errors import UnsafeFileError
from deepkit.saving._formats import _dtypes

MAX_OBJECTS = 100_000
MAX_DEPTH = 64
# DEFLATE makes data at most 1,032 times smaller.
MAX_EXPANSION = 1032
FREE_BYTES = 64 * 2**20

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
        """The bytes that its array takes, in an integer that does not overflow."""
        size = self.dtype.itemsize if self.dtype is not None else 0
        for length in self.shape:
            size *= int(length)
        return size


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
        self._file = file
        self.datasets: dict[str, DatasetInfo] = {}
        self.groups: dict[str, h5py.Group] = {}
        self._visit(h5["/"])
        self._check_total(file_size)

    def _visit(self, root: h5py.Group) -> None:
        """Visit all groups without recursion; a group is reached by one path only."""
        seen = set()
        waiting: list[tuple[str, h5py.Group, int]] = [("", root, 0)]
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
        info = DatasetInfo(path, dataset.shape or (), _number_dtype(dataset), dataset)
        stored = dataset.id.get_storage_size()
        if layout == h5py.h5d.CONTIGUOUS and stored < info.nbytes:
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

    def _refuse(self, reason: str) -> NoReturn:
        raise UnsafeFileError(f"'{self._file}' is not loaded: {reason}.")


def _number_dtype(dataset: h5py.Dataset) -> np.dtype | None:
    dtype = dataset.dtype
    if dataset.shape is None:
        return None
    if dtype.kind == "V" and dtype.names is None and dtype.subdtype is None:
        name = dataset.attrs.get("dtype")
        name = name.decode(errors="replace") if isinstance(name, bytes) else name
        return _dtypes.opaque_dtype(name if isinstance(name, str) else None, dtype.itemsize)
    return dtype if _dtypes.is_numeric(dtype) else None
