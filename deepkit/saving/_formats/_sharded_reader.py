"""Reads state that is spread over several HDF5 files, as if it were one."""

import os
import pathlib
from typing import Any, BinaryIO

import numpy as np

from deepkit.core.errors import CorruptFileError, UnsafeFileError
from deepkit.saving._formats._closing import Closing
from deepkit.saving._formats._grouping import by_group, groups_around
from deepkit.saving._formats._inspection import MAX_OBJECTS, DatasetInfo
from deepkit.saving._formats._plain_file import open_plain
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._shard_index import ShardIndex

# Files that are open at a time.
_MOST_OPEN = 8


class ShardedReader(Closing):
    """The shards of an index, inspected. They are opened when they are needed.

    Args:
        index: what the index says.
        folder: where it lies.
        file: how messages name it.

    Attributes:
        file: how messages name it.
        datasets: all datasets, by path.
        groups: the names of the shards that have each group.
        writer: who wrote it; empty if nobody noted it.

    Raises:
        CorruptFileError: a shard is missing, damaged, or not the one that was written.
        UnsafeFileError: a shard is a link or no file, or asks for more than a limit allows.
    """

    def __init__(self, index: ShardIndex, folder: pathlib.Path, file: str) -> None:
        self.file = file
        self.writer: dict[str, Any] = {}
        self.datasets: dict[str, DatasetInfo] = {}
        self.groups: dict[str, list[str]] = {}
        self._index, self._folder = index, folder
        self._open: dict[str, tuple[BinaryIO, Hdf5Reader]] = {}
        self._shard_of: dict[str, str] = {}
        try:
            for name in index.shards:
                self._take(name)
            self._compare()
            self._by_group = by_group(self.datasets)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the shards that are open."""
        while self._open:
            self._close_one()

    @property
    def is_noted(self) -> bool:
        """Whether their writer has noted what they should hold."""
        return None not in self._index.shards.values()

    def datasets_in(self, path: str) -> dict[str, DatasetInfo]:
        """The datasets directly in a group, by name; none if there is no such group."""
        return dict(self._by_group.get(path, {}))

    def filled_groups(self) -> set[str]:
        """The paths of all groups that have datasets in them or further in."""
        return groups_around(self.datasets)

    def verify(self) -> None:
        """Read and check all that the shards' manifests list.

        Raises:
            CorruptFileError: something is not what was written.
        """
        for name in self._index.shards:
            self._reader(name).verify()

    def read(self, info: DatasetInfo, target: str | None = None) -> np.ndarray:
        """The array of a dataset; see `Hdf5Reader.read`."""
        name = self._shard_of[info.path]
        reader = self._reader(name)
        found = reader.datasets.get(info.path)
        if found is None or (found.shape, found.dtype) != (info.shape, info.dtype):
            raise CorruptFileError(
                f"The shard '{name}' of '{self.file}' changed while it was read."
            )
        return reader.read(found, target)

    def text(self, path: str, name: str) -> str | None:
        """A text attribute of a group; `None` if there is none."""
        found = (self._reader(shard).text(path, name) for shard in self.groups.get(path, ()))
        return next((text for text in found if text is not None), None)

    def _take(self, name: str) -> None:
        """Note what a shard has."""
        reader = self._reader(name)
        self.writer = reader.manifest.writer
        for path, info in reader.datasets.items():
            if path in self.datasets:
                raise CorruptFileError(
                    f"'{self.file}' is damaged: '{path}' is in the shards '{self._shard_of[path]}' "
                    f"and '{name}'."
                )
            self.datasets[path], self._shard_of[path] = info, name
        for group in reader.groups:
            self.groups.setdefault(group, []).append(name)
        if len(self.datasets) + len(self.groups) > MAX_OBJECTS:
            raise UnsafeFileError(
                f"'{self.file}' is not loaded: its shards have more than {MAX_OBJECTS:,} objects."
            )

    def _compare(self) -> None:
        """Raise unless the shards have what the index says, and nothing else."""
        said = {(group, name) for group, names in self._index.files.items() for name in names}
        found = {(path.rpartition("/")[0], name) for path, name in self._shard_of.items()}
        for group, name in sorted(said - found):
            raise CorruptFileError(
                f"'{self.file}' is damaged: it says that '{group}' is in the shard '{name}', which "
                f"does not have it."
            )
        for group, name in sorted(found - said):
            raise CorruptFileError(
                f"'{self.file}' is damaged: the shard '{name}' has '{group}', of which it does not "
                f"know."
            )

    def _reader(self, name: str) -> Hdf5Reader:
        if name not in self._open:
            while len(self._open) >= _MOST_OPEN:
                self._close_one()
            stream = self._stream(name)
            try:
                reader = Hdf5Reader(stream, f"{self.file}: {name}")
            except BaseException:
                stream.close()
                raise
            self._open[name] = stream, reader
            self._check_identity(name, os.fstat(stream.fileno()).st_size, reader)
        return self._open[name][1]

    def _stream(self, name: str) -> BinaryIO:
        try:
            return open_plain(self._folder / name, self.file)
        except FileNotFoundError:
            raise CorruptFileError(
                f"'{self.file}' cannot be loaded: its shard '{name}' is not there."
            ) from None

    def _check_identity(self, name: str, size: int, reader: Hdf5Reader) -> None:
        noted = self._index.shards[name]
        if noted is not None and (noted.size, noted.identity) != (size, reader.manifest.identity):
            raise CorruptFileError(
                f"'{self.file}' cannot be loaded: its shard '{name}' is not the one that was "
                f"written with it, but older, newer or another one."
            )

    def _close_one(self) -> None:
        stream, reader = self._open.pop(next(iter(self._open)))
        reader.close()
        stream.close()
