"""One file with all that a run needs to go on: weights, arrays and a description."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from deepkit.core.errors import CorruptFileError

_WEIGHTS = "state.weights.h5"
_ARRAYS = "arrays.npz"
_DESCRIPTION = "description.json"
_WORK_PREFIX = ".backup-"
_DAMAGED = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, json.JSONDecodeError, ValueError)


def write_backup(
    path: pathlib.Path,
    save_weights: Callable[[str], None],
    description: dict[str, Any],
    arrays: dict[str, np.ndarray],
) -> None:
    """Write a backup so that at any moment the file is the old one or the new one, whole.

    Args:
        path: the file.
        save_weights: writes weights to the path of an HDF5 file.
        description: what JSON can hold.
        arrays: arrays by name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _work_folder(path.parent) as folder:
        weights, whole = folder / _WEIGHTS, folder / path.name
        save_weights(str(weights))
        with whole.open("wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                archive.write(weights, _WEIGHTS)
                archive.writestr(_ARRAYS, _pack_arrays(arrays))
                archive.writestr(_DESCRIPTION, json.dumps(description, default=np.ndarray.tolist))
            file.flush()
            os.fsync(file.fileno())
        os.replace(whole, path)
    _sync_folder(path.parent)


def read_backup(
    path: pathlib.Path, load_weights: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a backup; its checksums are verified before weights are loaded.

    Args:
        path: the file.
        load_weights: reads weights from the path of an HDF5 file.

    Returns:
        The description and the arrays.

    Raises:
        CorruptFileError: the file is damaged.
    """
    with _work_folder(path.parent) as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                description = json.loads(archive.read(_DESCRIPTION))
                arrays = _unpack_arrays(archive.read(_ARRAYS))
                weights = folder / _WEIGHTS
                with archive.open(_WEIGHTS) as source, weights.open("wb") as target:
                    shutil.copyfileobj(source, target)
        except _DAMAGED as error:
            raise CorruptFileError(
                f"Expected {str(path)!r} to be a backup of a training run, but it is damaged: "
                f"{error}"
            ) from error
        load_weights(str(weights))
    return description, arrays


def remove_leftovers(folder: pathlib.Path) -> None:
    """Remove what writers that were killed have left in a folder."""
    for leftover in folder.glob(f"{_WORK_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def _work_folder(parent: pathlib.Path) -> Iterator[pathlib.Path]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync_folder(folder: pathlib.Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pack_arrays(arrays: dict[str, np.ndarray]) -> bytes:
    """An .npz file; dtypes that NumPy does not know go as bytes, with the dtype in the name."""
    buffer = io.BytesIO()
    plain = {}
    for name, array in arrays.items():
        array = np.asarray(array)
        stored = array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "V" else array
        plain[f"{name}:{array.dtype.name}"] = stored
    np.savez(buffer, **plain)
    return buffer.getvalue()


def _unpack_arrays(data: bytes) -> dict[str, np.ndarray]:
    arrays = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        for key in stored.files:
            name, _, dtype = key.rpartition(":")
            arrays[name] = stored[key].view(np.dtype(dtype))
    return arrays
