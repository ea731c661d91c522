"""Names of dtypes, what they are, and which dtype results when several meet."""

import functools
from typing import Any

import jax
import numpy as np

from deepkit.core import config
from deepkit.core.errors import DTypeError, suggest

_FLOAT8_TYPES = ("float8_e4m3fn", "float8_e5m2")
FLOAT_TYPES = ("float16", "bfloat16", "float32", "float64", *_FLOAT8_TYPES)
INT_TYPES = (
    "int4",
    "uint4",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)
COMPLEX_TYPES = ("complex64", "complex128")
ALLOWED_DTYPES = frozenset((*FLOAT_TYPES, *INT_TYPES, *COMPLEX_TYPES, "bool", "string"))

_SPELLINGS = {"int": "int32"}
_NARROWED = {
    "float64": "float32",
    "int64": "int32",
    "uint64": "uint32",
    "complex128": "complex64",
}
_PYTHON_TYPES = {bool: "bool", int: "int32", str: "string", complex: "complex64"}


def standardize_dtype(dtype: Any = None) -> str:
    """The plain name of a dtype; `None` and Python's `float` give `floatx()`.

    Args:
        dtype: a name, a Python scalar type, or a dtype of NumPy, JAX, PyTorch or TensorFlow.

    Raises:
        DTypeError: nothing known has that name.
    """
    if dtype is None or dtype is float:
        return config.floatx()
    if isinstance(dtype, str):
        name = dtype
    elif isinstance(dtype, type) and dtype in _PYTHON_TYPES:
        name = _PYTHON_TYPES[dtype]
    elif isinstance(dtype, np.dtype):
        name = dtype.name
    else:
        name = _foreign_name(dtype)
    name = _SPELLINGS.get(name, name)
    if name not in ALLOWED_DTYPES:
        raise DTypeError(
            f"Expected the name of a dtype such as 'float32' or 'int32', received {dtype!r}."
            f"{suggest(name, ALLOWED_DTYPES)}"
        )
    return name


def _foreign_name(dtype: Any) -> str:
    """The name inside the dtype objects of JAX, PyTorch (`torch.float32`) and TensorFlow."""
    text = str(dtype)
    if text.startswith("torch."):
        return text.removeprefix("torch.")
    for attribute in ("name", "__name__"):
        name = getattr(dtype, attribute, None)
        if isinstance(name, str):
            return name
    return text


def is_float(dtype: Any) -> bool:
    """Whether a dtype is a floating one, bfloat16 and the float8 kinds included."""
    return standardize_dtype(dtype) in FLOAT_TYPES


def is_int(dtype: Any) -> bool:
    """Whether a dtype is a signed or unsigned integer (`bool` is neither)."""
    return standardize_dtype(dtype) in INT_TYPES


def result_type(*dtypes: Any) -> str:
    """The dtype in which values of several dtypes meet, by JAX's promotion lattice.

    Python's `float` and `int` (the types) are weak: they yield to any other dtype of their kind. A
    float among integers gives `floatx()`. 64-bit results are narrowed where JAX narrows them.

    Args:
        *dtypes: what `standardize_dtype` takes; none at all give `floatx()`.

    Raises:
        DTypeError: text or a float8 meets another dtype.
    """
    members = tuple(d if d is float or d is int else standardize_dtype(d) for d in dtypes)
    return _result_type(members, config.floatx(), allows_64_bit())


@functools.lru_cache(maxsize=512)
def _result_type(members: tuple[Any, ...], floatx: str, wide: bool) -> str:
    strong = {_narrowed(member, wide) for member in members if isinstance(member, str)}
    isolated = strong.intersection(("string", *_FLOAT8_TYPES))
    if isolated and len(set(members)) > 1:
        raise DTypeError(
            f"There is no dtype in which {', '.join(sorted(map(_shown, set(members))))} meet. "
            f"Cast them to one dtype first, for instance with `ops.cast`."
        )
    if isolated:
        return isolated.pop()
    weak = [member(0) for member in set(members).difference(strong) if isinstance(member, type)]
    with jax.numpy_dtype_promotion("standard"):
        result, is_weak = jax.dtypes.result_type(
            *strong, *weak, *([] if members else [0.0]), return_weak_type_flag=True
        )
    if is_weak:
        return _narrowed(floatx, wide) if result.kind == "f" else "int32"
    return result.name


def _shown(member: Any) -> str:
    return f"Python's {member.__name__}" if isinstance(member, type) else member


def canonicalize_dtype(dtype: Any) -> str:
    """The dtype that JAX really gives for `dtype`: 64 bits become 32 where x64 mode is off."""
    return _narrowed(standardize_dtype(dtype), allows_64_bit())


def _narrowed(name: str, wide: bool) -> str:
    return name if wide else _NARROWED.get(name, name)


def allows_64_bit() -> bool:
    """Whether JAX keeps 64-bit dtypes that are asked for explicitly."""
    return bool(jax.config.jax_enable_x64) or jax.config.jax_explicit_x64_dtypes.name == "ALLOW"
