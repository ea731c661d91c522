"""Writes HDF5 files, each variable once, with a manifest at the end."""

import contextlib
import pathlib
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

import h5py
import numpy as np

from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._manifest import PATH, Manifest
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._scattered_file import ScatteredFile
from deepkit.saving._saveable import check_step

# HDF5 keeps at most 64 kB of attributes in the header of a group.
_HEADER_BYTES = 60_000


class Hdf5Writer:
    """An HDF5 file that is being written.

    Args:
        h5: the open file.
        lent: opened around the writing of each array; nothing changes the array afterwards.
    """

    def __init__(
        self, h5: h5py.File, lent: Callable[[np.ndarray], Any] = contextlib.nullcontext
    ) -> None:
        self._h5, self._lent = h5, lent
        self._manifest = Manifest()
        # The variable is kept, so that no other one can get its identity.
        self._written: dict[int, tuple[Any, str]] = {}

    def group(self, path: str, **attributes: str) -> h5py.Group:
        """A group with text attributes, made if it is not there."""
        group = self._h5.require_group(path or "/")
        for name, value in attributes.items():
            group.attrs[name] = value
        return group

    def array(self, path: str, value: Any) -> None:
        """Write an array; a variable that was written before is linked to.

        Raises:
            SerializationError: it holds something else than numbers.
        """
        known = self._written.get(id(value))
        if known is not None:
            self._h5[path] = self._h5[known[1]]
            self._manifest.datasets[path] = self._manifest.datasets[known[1]]
            return
        array = _dtypes.to_array(value, path)
        with self._lent(array):
            dataset = self._h5.create_dataset(path, data=array)
        if _dtypes.is_opaque(array.dtype):
            dataset.attrs["dtype"] = array.dtype.name
        self._manifest.note(path, array)
        if hasattr(value, "assign"):
            self._written[id(value)] = (value, path)

    def forget(self, path: str) -> None:
        """Take back an array that was written, before another one comes to its place."""
        del self._manifest.datasets[path]
        self._written = {key: value for key, value in self._written.items() if value[1] != path}

    def text(self, name: str, text: str) -> None:
        """Write a text attribute of the root."""
        self._h5.attrs[name] = text
        self._manifest.note_text(name, text)

    def texts(self, path: str, name: str, texts: Iterable[str]) -> None:
        """Write a list of texts as an attribute of a group; as numbered ones if it is long."""
        array = np.array([text.encode() for text in texts], dtype="S")
        attributes = self._h5[path].attrs
        if array.nbytes <= _HEADER_BYTES:
            attributes[name] = array
            return
        rows = max(1, _HEADER_BYTES // array.itemsize)
        for index, start in enumerate(range(0, len(array), rows)):
            attributes[f"{name}{index}"] = array[start : start + rows]

    def store(self, path: str) -> "WritingStore":
        """A store for the variables of one object."""
        return WritingStore(self, self.group(path), path)

    def finish(self) -> None:
        """Write the manifest, after all else."""
        self._h5.create_dataset(PATH, data=self._manifest.to_bytes())


class WritingStore(MutableMapping[str, Any]):
    """Takes arrays by key, and writes them into a group.

    Args:
        writer: writes them.
        group: the group.
        path: its path.
    """

    def __init__(self, writer: Hdf5Writer, group: h5py.Group, path: str) -> None:
        self._writer, self._group, self._path = writer, group, path

    def __setitem__(self, key: str, value: Any) -> None:
        check_step(key)
        if key in self._group:
            del self[key]
        self._writer.array(f"{self._path}/{key}", value)

    def __getitem__(self, key: str) -> np.ndarray:
        return np.asarray(self._group[key])

    def __delitem__(self, key: str) -> None:
        self._writer.forget(f"{self._path}/{key}")
        del self._group[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)


@contextlib.contextmanager
def written_to(target: pathlib.Path, file: str) -> Iterator[Hdf5Writer]:
    """Write an HDF5 file; when the block ends it is closed, read again and verified.

    Args:
        target: the path.
        file: how messages name it.
    """
    with h5py.File(target, "w") as h5:
        writer = Hdf5Writer(h5)
        yield writer
        writer.finish()
    with Hdf5Reader(target, file) as reader:
        reader.verify()


@contextlib.contextmanager
def written_in_memory() -> Iterator[tuple[Hdf5Writer, ScatteredFile]]:
    """Write an HDF5 file that holds large arrays where they are; it is whole when the block ends.

    The arrays must not change before the file has been used.
    """
    content = ScatteredFile()
    with h5py.File(content, "w") as h5:
        writer = Hdf5Writer(h5, content.lent)
        yield writer, content
        writer.finish()
