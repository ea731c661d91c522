"""Reads pickles that hold nothing but arrays, lists, dicts and scalars."""

import io
import pickle
import zipfile
from typing import IO, Any

import numpy as np

from deepkit.core.errors import CorruptFileError, UnsafeFileError

_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Knows what arrays are made of, and imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise UnsafeFileError(
            f"Refused to read a pickle that asks for {module}.{name}; a data set needs arrays only."
        )


def read_pickle(file: IO[bytes], encoding: str = "ASCII") -> Any:
    """The object in a pickle of arrays, lists, dicts and scalars.

    Raises:
        UnsafeFileError: it asks for something else.
    """
    return _ArrayUnpickler(file, encoding=encoding).load()


def read_object_arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, some of which hold Python lists.

    Raises:
        UnsafeFileError: a pickle asks for something other than arrays.
        CorruptFileError: the file is damaged.
    """
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                content = io.BytesIO(archive.read(member))
                arrays[member.removesuffix(".npy")] = _read_array(content)
    except (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, IndexError) as error:
        raise CorruptFileError(
            f"Expected arrays in {path!r}, but it is damaged: {error}"
        ) from error
    return arrays


def _read_array(content: io.BytesIO) -> np.ndarray:
    version = np.lib.format.read_magic(content)
    header = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        header = np.lib.format.read_array_header_2_0
    shape, _, dtype = header(content)
    if dtype.hasobject:
        return read_pickle(content).reshape(shape)
    content.seek(0)
    return np.lib.format.read_array(content, allow_pickle=False)
