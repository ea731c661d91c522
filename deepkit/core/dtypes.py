"""Names of dtypes, what they are, and which dtype results when several meet."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config
from deepkit.core.errors import DTypeError, suggest

FLOAT_TYPES = (
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "float8_e4m3fn",
    "float8_e5m2",
)
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

_SPELLINGS = {"str": "string", "int": "int32"}
_PYTHON_TYPES = {bool: "bool", int: "int32", str: "string", complex: "complex64"}


def standardize_dtype(dtype: Any = None) -> str:
    """The plain name of a dtype; `None` and Python's `float` give `floatx()`.

    Args:
        dtype: a name, a NumPy or JAX dtype, a Python scalar type, or anything with such a
            dtype as its `.name`, `.as_numpy_dtype` or `__name__`.

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
    """The dtype in which values of several dtypes meet.

    JAX's promotion lattice, with Python's `float` and `int` (the types) as weak members, and 64-bit
    results narrowed to 32 bits where JAX's x64 mode is off.
    """
    return _result_type(
        tuple(d if d in (float, int, bool) else standardize_dtype(d) for d in dtypes),
        config.floatx(),
        jax.config.jax_enable_x64,
    )


@functools.lru_cache(maxsize=512)
def _result_type(dtypes: tuple[Any, ...], floatx: str, x64: bool) -> str:
    if not dtypes:
        return floatx
    if all(d is float or d is int for d in dtypes):
        return floatx if float in dtypes else "int32"
    members = [d(0) if isinstance(d, type) else jnp.dtype(d) for d in dtypes]
    with jax.numpy_dtype_promotion("standard"):
        return jnp.result_type(*members).name


def canonicalize_dtype(dtype: Any) -> str:
    """The dtype that JAX really gives for `dtype`: 64 bits become 32 where x64 mode is off."""
    name = standardize_dtype(dtype)
    if name in ("float64", "int64", "uint64", "complex128") and not allows_64_bit():
        return {"complex128": "complex64"}.get(name, name.replace("64", "32"))
    return name


def allows_64_bit() -> bool:
    """Whether JAX keeps 64-bit dtypes that are asked for explicitly."""
    return (
        bool(jax.config.jax_enable_x64)
        or getattr(jax.config, "jax_explicit_x64_dtypes", "") == "allow"
    )
