"""Safetensors files: a header of names, dtypes, shapes and places, then the arrays.

Of a file that is read nothing is trusted. The package `safetensors` is not used: it takes the last
of two arrays of one name, cannot give float8 to NumPy, and writes through a file of its own, which
stays in the folder if the process is killed, and which nobody else may read.
"""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

import ml_dtypes
import numpy as np

from deepkit.core.errors import CorruptFileError, UnsafeFileError
from deepkit.core.naming import has_no_halves
from deepkit.saving._json import MAX_BYTES, read_json, write_json

MAX_ARRAYS = 100_000
METADATA = "__metadata__"

_MAX_RANK = 32
# No computer counts further; much longer numbers could not even be written into a message.
_TOO_MANY = 2**63
_LENGTH = 8  # bytes before the header that say how long it is
_DTYPES = {
    "BOOL": np.dtype("bool"),
    "U8": np.dtype("uint8"),
    "I8": np.dtype("int8"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "C64": np.dtype("<c8"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
}


@dataclasses.dataclass(frozen=True)
class ArrayInfo:
    """What the header says of an array.

    Attributes:
        path: its key.
        shape: its shape.
        dtype: its dtype.
        start: where it begins in the file.
        nbytes: how many bytes it has there.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype
    start: int
    nbytes: int


def can_hold(dtype: np.dtype) -> bool:
    """Whether the format has a dtype."""
    return dtype.newbyteorder("<") in _DTYPES.values()


def write_arrays(
    stream: BinaryIO, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> None:
    """Write a whole file; large numbers come first, so that all lie where processors like them.

    Args:
        stream: the file.
        arrays: contiguous arrays in little-endian order, of dtypes that the format has.
        metadata: texts by name.
    """
    names = {dtype: name for name, dtype in _DTYPES.items()}
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    header: dict[str, Any] = {METADATA: dict(metadata)}
    end = 0
    for key, array in ordered:
        start, end = end, end + array.nbytes
        shape, dtype = list(array.shape), names[array.dtype]
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = write_json(header, "header of the file").encode()
    text += b" " * (-len(text) % _LENGTH)
    stream.write(len(text).to_bytes(_LENGTH, "little") + text)
    for _, array in ordered:
        stream.write(array.reshape(-1).view("uint8").data)


def read_header(stream: BinaryIO, file: str) -> tuple[dict[str, ArrayInfo], dict[str, str]]:
    """The arrays of a file by key, and its metadata.

    Raises:
        CorruptFileError: the file is empty, truncated, damaged, or no safetensors file: arrays
            overlap, leave gaps, or do not have the size of their shape.
        UnsafeFileError: the header is longer, or lists more arrays, than a limit allows.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size == 0:
        raise CorruptFileError(f"'{file}' is empty: it has no bytes.")
    length = int.from_bytes(stream.read(_LENGTH), "little")
    if size < _LENGTH + 2 or length > size - _LENGTH:
        raise CorruptFileError(
            f"'{file}' is truncated, or no safetensors file, whatever its name says."
        )
    if length > MAX_BYTES:
        raise UnsafeFileError(
            f"'{file}' is not loaded: its header has {length:,} bytes, more than {MAX_BYTES:,}."
        )
    header = read_json(stream.read(length), "The header", file)
    if not isinstance(header, dict):
        raise CorruptFileError(f"The header of '{file}' lists no arrays.")
    metadata = _metadata(header.pop(METADATA, {}), file)
    if len(header) > MAX_ARRAYS:
        raise UnsafeFileError(
            f"'{file}' is not loaded: it lists {len(header):,} arrays, more than {MAX_ARRAYS:,}."
        )
    begin = _LENGTH + length
    infos = [_array_info(key, entry, begin, file) for key, entry in header.items()]
    _check_places(infos, begin, size, file)
    return {info.path: info for info in infos}, metadata


def _metadata(found: Any, file: str) -> dict[str, str]:
    if not are_texts(found):
        raise CorruptFileError(f"The metadata of '{file}' are not texts by name.")
    return found


def are_texts(found: Any) -> bool:
    """Whether a value is a dict of texts by name, all of which UTF-8 can hold."""
    return isinstance(found, dict) and all(
        isinstance(text, str) and has_no_halves(text) for text in (*found, *found.values())
    )


def _array_info(key: str, entry: Any, begin: int, file: str) -> ArrayInfo:
    if not has_no_halves(key):
        _refuse(key, "has halves of characters in its name", file)
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        _refuse(key, "has no dtype, shape and offsets, or more than these", file)
    name, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    dtype = _DTYPES.get(name) if isinstance(name, str) else None
    if dtype is None:
        _refuse(
            key, f"has the dtype {str(name)[:20]!r}, expected one of {', '.join(_DTYPES)}", file
        )
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        _refuse(key, "has a shape or offsets that are not whole numbers from 0 to 2**63", file)
    if len(shape) > _MAX_RANK:
        _refuse(key, f"has {len(shape)} axes, more than {_MAX_RANK}", file)
    nbytes = dtype.itemsize
    for length in shape:
        nbytes *= length
    if offsets[1] - offsets[0] != nbytes:
        _refuse(key, f"takes {nbytes:,} bytes and has {offsets[1] - offsets[0]:,}", file)
    return ArrayInfo(key, tuple(shape), dtype, begin + offsets[0], nbytes)


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is int and 0 <= v < _TOO_MANY for v in values)


def _check_places(infos: list[ArrayInfo], begin: int, size: int, file: str) -> None:
    """Raise unless the arrays fill the file without gaps, one after the other."""
    end = begin
    for info in sorted(infos, key=lambda info: (info.start, info.nbytes)):
        if info.start != end:
            what = "overlaps the one before it" if info.start < end else "comes after a gap"
            _refuse(info.path, what, file)
        end += info.nbytes
    if end != size:
        raise CorruptFileError(
            f"'{file}' is truncated or damaged: its header speaks of {end:,} bytes, and it has "
            f"{size:,}."
        )


def _refuse(key: str, reason: str, file: str) -> NoReturn:
    raise CorruptFileError(f"'{file}' is damaged: its array {key[:100]!r} {reason}.")
