"""ArrayLike: operators, conversions and methods of objects that stand for an array."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

_OF_CONCRETE_ARRAYS = ("block_until_ready", "devices", "tobytes", "tolist")


def _plain(value: Any) -> Any:
    if isinstance(value, ArrayLike):
        return value.value
    return tuple(_plain(part) for part in value) if isinstance(value, tuple) else value


def _binary(name: str) -> Callable[["ArrayLike", Any], Any]:
    def method(self: "ArrayLike", other: Any) -> Any:
        return getattr(self.value, name)(_plain(other))

    method.__name__ = name
    return method


def _unary(name: str) -> Callable[["ArrayLike"], Any]:
    def method(self: "ArrayLike") -> Any:
        return getattr(self.value, name)()

    method.__name__ = name
    return method


class ArrayLike:
    """Base of what acts as its `value`, an array: in operators, in `jnp` functions, by methods."""

    # NumPy then leaves `array + self` to this class.
    __array_priority__ = 100

    __add__, __radd__ = _binary("__add__"), _binary("__radd__")
    __sub__, __rsub__ = _binary("__sub__"), _binary("__rsub__")
    __mul__, __rmul__ = _binary("__mul__"), _binary("__rmul__")
    __truediv__, __rtruediv__ = _binary("__truediv__"), _binary("__rtruediv__")
    __floordiv__, __rfloordiv__ = _binary("__floordiv__"), _binary("__rfloordiv__")
    __mod__, __rmod__ = _binary("__mod__"), _binary("__rmod__")
    __divmod__, __rdivmod__ = _binary("__divmod__"), _binary("__rdivmod__")
    __pow__, __rpow__ = _binary("__pow__"), _binary("__rpow__")
    __matmul__, __rmatmul__ = _binary("__matmul__"), _binary("__rmatmul__")
    __and__, __rand__ = _binary("__and__"), _binary("__rand__")
    __or__, __ror__ = _binary("__or__"), _binary("__ror__")
    __xor__, __rxor__ = _binary("__xor__"), _binary("__rxor__")
    __lshift__, __rlshift__ = _binary("__lshift__"), _binary("__rlshift__")
    __rshift__, __rrshift__ = _binary("__rshift__"), _binary("__rrshift__")
    __lt__, __le__ = _binary("__lt__"), _binary("__le__")
    __gt__, __ge__ = _binary("__gt__"), _binary("__ge__")
    __eq__, __ne__ = _binary("__eq__"), _binary("__ne__")  # type: ignore[assignment]
    __neg__, __pos__ = _unary("__neg__"), _unary("__pos__")
    __abs__, __invert__ = _unary("__abs__"), _unary("__invert__")
    __bool__, __index__ = _unary("__bool__"), _unary("__index__")
    __int__, __float__, __complex__ = _unary("__int__"), _unary("__float__"), _unary("__complex__")
    __len__ = _unary("__len__")

    # Equality is that of the values; as a key of a dict or a member of a set it is itself.
    __hash__ = object.__hash__

    @property
    def value(self) -> jax.Array:
        """The array."""
        raise AttributeError(f"{type(self).__name__} defines no `value`.")

    def __iter__(self) -> Iterator[jax.Array]:
        return iter(self.value)

    def __getitem__(self, key: Any) -> jax.Array:
        return self.value[_plain(key)]

    def __round__(self, ndigits: int | None = None) -> Any:
        return self.value.__round__(ndigits)

    def __format__(self, format_spec: str) -> str:
        return format(self.value, format_spec) if format_spec else str(self)

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.value, dtype=dtype)

    def __getattr__(self, name: str) -> Any:
        # Methods of arrays (`reshape`, `sum`, `astype`, `at`, `T` …) are those of the value.
        if name.startswith("_") or not (hasattr(jax.Array, name) or name in _OF_CONCRETE_ARRAYS):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute {name!r}")
        return getattr(self.value, name)
