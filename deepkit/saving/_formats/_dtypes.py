"""Dtypes in HDF5 files: plain numbers, and the small floats that HDF5 keeps as opaque bytes."""

import ml_dtypes
import numpy as np

from deepkit.core.errors import CorruptFileError, SerializationError

# HDF5 has no types for these; an attribute of the dataset names them, as in Keras's files.
_OPAQUE = {
    name: np.dtype(getattr(ml_dtypes, name))
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2")
}
_NUMERIC_KINDS = "fiubc"


def opaque_dtype(name: str | None, itemsize: int) -> np.dtype | None:
    """The dtype that opaque bytes stand for; `None` if the name and size fit none."""
    dtype = _OPAQUE.get(name or "")
    return dtype if dtype is not None and dtype.itemsize == itemsize else None


def is_opaque(dtype: np.dtype) -> bool:
    """Whether HDF5 keeps the dtype as opaque bytes."""
    return dtype.name in _OPAQUE


def is_numeric(dtype: np.dtype) -> bool:
    """Whether HDF5 has the dtype as a number."""
    return dtype.kind in _NUMERIC_KINDS


def to_array(value: object, path: str) -> np.ndarray:
    """An array of numbers, from a variable or anything that becomes one.

    Raises:
        SerializationError: it holds something else.
    """
    # Not `variable.value`, which would have the next step of training copy the array.
    concrete = getattr(value, "concrete_value", None)
    array = np.asarray(value if concrete is None else concrete())
    if not is_numeric(array.dtype) and not is_opaque(array.dtype):
        raise SerializationError(
            f"Expected numbers to save at '{path}', received an array of dtype {array.dtype}. "
            f"Put text and settings into `get_config`."
        )
    return array


def family(dtype: np.dtype) -> str:
    """Dtypes of one family are cast to each other when weights are loaded."""
    if is_opaque(dtype) or dtype.kind == "f":
        return "float"
    return {"i": "integer", "u": "integer", "b": "bool", "c": "complex"}[dtype.kind]


def keeps_values(array: np.ndarray, dtype: np.dtype) -> bool:
    """Whether no number is too large for a dtype of the same family."""
    if np.can_cast(array.dtype, dtype):
        return True
    with np.errstate(over="ignore"):
        cast = array.astype(dtype)
    if family(dtype) == "integer":
        return bool(np.array_equal(cast, array))
    return bool(np.array_equal(np.isfinite(cast), np.isfinite(array)))


def check_range(array: np.ndarray, target: str | None, what: str) -> None:
    """Raise if an array of a file has numbers that are too large for a dtype of the same family.

    Args:
        array: the array.
        target: the dtype to which it will be cast, if it is known.
        what: the array and its file, for the message.

    Raises:
        CorruptFileError: it has.
    """
    if target is not None and not keeps_values(array, np.dtype(target)):
        raise CorruptFileError(
            f"{what} holds numbers of dtype {array.dtype} that are too large for {target}, the "
            f"dtype of the model."
        )
