"""Writes HDF5 files, each variable once, with a manifest at the end."""

import contextlib
import pathlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from typing import Any

import h5py
import numpy as np

from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._checksums import Piece, workers
from deepkit.saving._formats._manifest import PATH, Manifest, checksum
from deepkit.saving._formats._output import write_pieces
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._scattered_file import ScatteredFile

# From this size on, arrays are not copied.
_LARGE = 2**20
# HDF5 keeps at most 64 kB of attributes in the header of a group.
_HEADER_BYTES = 60_000


class Hdf5Writer:
    """An HDF5 file that is being written into memory.

    Args:
        h5: the open file.
        content: where its bytes go.
        pool: threads that take checksums.
    """

    def __init__(self, h5: h5py.File, content: ScatteredFile, pool: Executor) -> None:
        self._h5, self._content, self._pool = h5, content, pool
        self._manifest = Manifest()
        self._large: dict[str, Piece] = {}
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
            self.link(path, known[1])
            return
        array = _dtypes.to_array(value, path)
        dataset = self._dataset(path, np.ascontiguousarray(array).reshape(array.shape))
        if _dtypes.is_opaque(array.dtype):
            dataset.attrs["dtype"] = array.dtype.name
        if hasattr(value, "assign"):
            self._written[id(value)] = (value, path)

    def _dataset(self, path: str, array: np.ndarray) -> h5py.Dataset:
        if array.nbytes < _LARGE or array.dtype != array.dtype.newbyteorder("<"):
            self._manifest.note(path, array, checksum(array))
            return self._h5.create_dataset(path, data=array)
        piece = self._large[path] = Piece(array.reshape(-1).view("uint8"), self._pool)
        self._manifest.note(path, array, checksum=0)
        with self._content.lent(piece):
            return self._h5.create_dataset(path, data=array)

    def has(self, variable: Any) -> bool:
        """Whether a variable was written."""
        return id(variable) in self._written

    def link(self, path: str, known: str) -> None:
        """Give an array that was written a further path."""
        self._h5[path] = self._h5[known]
        self._manifest.datasets[path] = self._manifest.datasets[known]

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

    def finish(self) -> None:
        """Write the manifest, after all else."""
        for path, piece in self._large.items():
            self._manifest.datasets[path]["crc32"] = piece.checksum
        self._h5.create_dataset(PATH, data=self._manifest.to_bytes())


@contextlib.contextmanager
def written_to(target: pathlib.Path, file: str) -> Iterator[Hdf5Writer]:
    """Write an HDF5 file; when the block ends it is written, read again and verified.

    Args:
        target: the path of a file that is there.
        file: how messages name it.
    """
    with workers() as pool:
        with written_in_memory(pool) as (writer, content):
            yield writer
        write_content(target, content, pool, file)


def write_content(target: pathlib.Path, content: ScatteredFile, pool: Executor, file: str) -> None:
    """Fill a file that is there with what was written in memory, read it again and verify it."""
    write_pieces(target, content.pieces(), pool, file)
    with target.open("rb") as stream, Hdf5Reader(stream, file) as reader:
        reader.verify(content.places())


@contextlib.contextmanager
def written_in_memory(pool: Executor) -> Iterator[tuple[Hdf5Writer, ScatteredFile]]:
    """Write an HDF5 file that holds large arrays where they are; it is whole when the block ends.

    The arrays must not change before the file has been used.

    Args:
        pool: threads that take checksums.
    """
    content = ScatteredFile()
    with h5py.File(content, "w") as h5:
        writer = Hdf5Writer(h5, content, pool)
        yield writer, content
        writer.finish()
