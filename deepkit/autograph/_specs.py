"""The types of values that go through compiled control flow, and how two of them become one."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import concrete_or_error

from deepkit.tensors import Variable

_NUMBERS = (bool, int, float, complex)


def is_number(value: Any) -> bool:
    """Whether a value is a plain Python number."""
    return type(value) in _NUMBERS


def is_numeric(value: Any) -> bool:
    """Whether XLA can hold a value: an array of any kind, a variable's, or a number."""
    if is_number(value) or isinstance(value, jax.Array | Variable):
        return True
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcV"


def plain(value: Any) -> Any:
    """The array that a variable holds; anything else as it is."""
    return value.value if isinstance(value, Variable) else value


def is_traced(value: Any) -> bool:
    """Whether a value is known only when the compiled program runs."""
    if not isinstance(value, jax.core.Tracer):
        return False
    try:
        concrete_or_error(None, value)
    except jax.errors.ConcretizationTypeError:
        return True
    return False


def is_tracing() -> bool:
    """Whether a program is being traced, so that operations do not run now."""
    return is_traced(jnp.add(np.uint32(0), np.uint32(0)))


@dataclasses.dataclass(frozen=True)
class Spec:
    """The type of an array.

    Args:
        shape: its shape.
        dtype: its dtype.
        weak: whether it gives way to the dtype of others, as Python numbers do.
    """

    shape: tuple[int, ...]
    dtype: Any
    weak: bool

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"

    @property
    def aval(self) -> jax.ShapeDtypeStruct:
        """The same for JAX."""
        return jax.ShapeDtypeStruct(self.shape, self.dtype, weak_type=self.weak)


def spec_of(value: Any) -> Spec:
    """The type of an array or number."""
    if is_number(value):
        return Spec((), jnp.asarray(value).dtype, True)
    value = plain(value)
    weak = bool(getattr(jax.typeof(value), "weak_type", False))
    return Spec(tuple(np.shape(value)), jax.typeof(value).dtype, weak)


class Conflict(Exception):
    """A signal: two types do not become one.

    Args:
        kind: `"shape"` or `"dtype"`.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


_KINDS = (jnp.bool_, jnp.integer, jnp.floating, jnp.complexfloating)


def _kind(dtype: Any) -> int:
    return next((i for i, kind in enumerate(_KINDS) if jnp.issubdtype(dtype, kind)), len(_KINDS))


def joined(a: Spec, b: Spec, *, widen: bool = True) -> Spec:
    """The type that holds values of both; only a weak one gives way.

    Args:
        a: a type.
        b: a type.
        widen: whether `a`, if strong, may give way to the default dtype of a weak `b` of a higher
            kind (an `int32` array and the number 0.5 make `float32`).

    Raises:
        Conflict: they differ in shape, or both are strong and differ in dtype.
    """
    if a.shape != b.shape:
        raise Conflict("shape")
    if a.dtype == b.dtype:
        return Spec(a.shape, a.dtype, a.weak and b.weak)
    if not (a.weak or b.weak):
        raise Conflict("dtype")
    if a.weak and b.weak:
        return a if _kind(a.dtype) >= _kind(b.dtype) else b
    weak, strong = (a, b) if a.weak else (b, a)
    if _kind(weak.dtype) <= _kind(strong.dtype):
        return strong
    if strong is a and not widen:
        raise Conflict("dtype")
    return Spec(a.shape, weak.dtype, False)


def cast(value: Any, spec: Spec) -> jax.Array:
    """A value as an array of a type that it gave way to."""
    if not spec.weak:
        return jax.lax.convert_element_type(value, spec.dtype)
    if is_number(value):
        return jnp.asarray(_PYTHON[_kind(spec.dtype)](value))
    if value.dtype == spec.dtype:
        return value
    with jax.numpy_dtype_promotion("standard"):
        return jnp.asarray(value) + _PYTHON[_kind(spec.dtype)](0)


_PYTHON = (bool, int, float, complex)


def placeholder(spec: Spec) -> jax.Array:
    """A value that is never read."""
    if spec.weak:
        return jnp.full(spec.shape, _PYTHON[_kind(spec.dtype)](0))
    return jnp.zeros(spec.shape, spec.dtype)


def same(a: Any, b: Any) -> bool:
    """Whether two values are one: the same object, or equal numbers, strings and the like."""
    if a is b:
        return True
    if type(a) is not type(b) or isinstance(a, jax.Array | np.ndarray):
        return False
    try:
        return bool(a == b)
    except Exception:  # of the user's `__eq__`
        return False


def described(value: Any) -> str:
    """A value in a message: the type of an array, the Python type of all else."""
    if is_number(value) or not is_numeric(value):
        if value is None or isinstance(value, bool | int | float | str):
            return repr(value)
        return f"a {type(value).__name__}"
    return str(spec_of(value))
