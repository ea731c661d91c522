"""Autocast: the dtype in which a layer sees its floating variables and inputs."""

import threading
from typing import Any

import jax.numpy as jnp

from deepkit.core import dtypes


class _Current(threading.local):
    def __init__(self) -> None:
        self.dtype: str | None = None


_CURRENT = _Current()


class AutocastScope:
    """Read floating variables in another dtype inside a `with` block.

    Args:
        dtype: the dtype, or `None` for the variables' own.
    """

    def __init__(self, dtype: Any) -> None:
        name = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.dtype = name if name is None or dtypes.is_float(name) else None

    def __enter__(self) -> "AutocastScope":
        self._before = _CURRENT.dtype
        _CURRENT.dtype = self.dtype
        return self

    def __exit__(self, *error: object) -> None:
        _CURRENT.dtype = self._before


def autocast_dtype() -> str | None:
    """The dtype that the innermost scope asks for."""
    return _CURRENT.dtype


def cast_floats(value: Any, dtype: str | None) -> Any:
    """The value in `dtype` if it is a floating array of another dtype."""
    if dtype is None or value.dtype == dtype or not jnp.issubdtype(value.dtype, jnp.floating):
        return value
    return value.astype(dtype)
