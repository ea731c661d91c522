"""How the dtypes of an op's arguments meet: one rule for every op."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import config, dtypes
from deepkit.core.errors import DTypeError
from deepkit.tensors import as_array

_PYTHON_SCALARS = (bool, int, float, complex)
_BOOL, _INT, _FLOAT, _COMPLEX = range(4)


def promote(*values: Any) -> tuple[jax.Array, ...]:
    """Arrays of one dtype: the one in which the dtypes of `values` meet.

    Python scalars are weak: they follow the dtype of the arrays beside them.

    Raises:
        DTypeError: the dtypes differ and the promotion is `"strict"`.
    """
    if _agree(values):
        return values
    prepared = [x if type(x) in _PYTHON_SCALARS else as_array(x) for x in values]
    dtype = _meet([_member(x) for x in prepared])
    return tuple(_in_dtype(x, dtype) for x in prepared)


def _agree(values: tuple[Any, ...]) -> bool:
    """Whether all are arrays of one dtype already, as they mostly are."""
    return all(isinstance(x, jax.Array) and x.dtype == values[0].dtype for x in values)


def _in_dtype(x: Any, dtype: Any) -> jax.Array:
    if type(x) in _PYTHON_SCALARS:
        # NumPy's scalars reach the device with the call, not by a transfer of their own; but JAX
        # narrows those of 64 bits to 32 where x64 mode is off, even if 64 are allowed explicitly.
        with np.errstate(over="ignore"):
            scalar = np.asarray(x).astype(dtype)
        return scalar if dtype.itemsize <= 4 else jnp.asarray(scalar, dtype)
    return x if x.dtype == dtype else as_array(x, dtype)


def promote_floats(*values: Any) -> tuple[jax.Array, ...]:
    """Like `promote`, and what is not floating or complex then becomes `floatx()`."""
    return tuple(as_float(x) for x in promote(*values))


def as_float(x: Any) -> jax.Array:
    """`x` as an array, integers and booleans turned into `floatx()`."""
    x = as_array(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())


def float_dtype(x: jax.Array) -> Any:
    """The dtype that `as_float` gives `x`."""
    return x.dtype if jnp.issubdtype(x.dtype, jnp.inexact) else jnp.dtype(config.floatx())


def accumulator_dtype(x: jax.Array) -> Any:
    """The dtype to add up the values of `x` in: at least float32."""
    dtype = float_dtype(x)
    return dtype if dtype.itemsize >= 4 else jnp.dtype("float32")


def axes(axis: Any) -> int | tuple[int, ...] | None:
    """An `axis` argument in the hashable form that JAX takes."""
    return tuple(axis) if isinstance(axis, list) else axis


def _member(x: Any) -> Any:
    """What `x` brings to a meeting of dtypes: a Python type where it is weak, else its dtype."""
    if type(x) in _PYTHON_SCALARS:
        return type(x)
    if x.weak_type:
        return (bool, int, float, complex)[_category(x.dtype)]
    return x.dtype


def _meet(members: list[Any]) -> Any:
    strong = {member for member in members if not isinstance(member, type)}
    categories = [_category(member) for member in members]
    if len(strong) == 1:
        (dtype,) = strong
        if max(categories) <= _category(dtype):
            return dtype
    result = dtypes.result_type(*members)
    if strong and config.dtype_promotion() == "strict":
        _refuse(members, result)
    return jnp.dtype(dtypes.canonicalize_dtype(result))


def _refuse(members: list[Any], result: str) -> None:
    names = list(dict.fromkeys(_name(member) for member in members))
    raise DTypeError(
        f"Expected arguments of one dtype, received {' and '.join(names)}. "
        f"Convert them first, for example with `ops.cast(x, {result!r})`, or let dtypes "
        "meet by themselves with `deepkit.config.set_dtype_promotion('standard')`."
    )


def _name(member: Any) -> str:
    return f"a Python {member.__name__}" if isinstance(member, type) else member.name


@functools.lru_cache(maxsize=64)
def _category(member: Any) -> int:
    if isinstance(member, type):
        return _PYTHON_SCALARS.index(member)
    if member == jnp.bool_:
        return _BOOL
    if jnp.issubdtype(member, jnp.integer):
        return _INT
    return _COMPLEX if jnp.issubdtype(member, jnp.complexfloating) else _FLOAT
