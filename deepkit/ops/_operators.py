"""The operators of `KerasTensor`: Python's symbols for the ops."""

from collections.abc import Callable
from typing import Any

from deepkit.tensors import KerasTensor

from ._arithmetic import add, divide, floor_divide, mod, multiply, power, subtract
from ._elementwise import absolute, negative, round
from ._indexing import get_item
from ._logic import (
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
)
from ._products import matmul
from ._shapes import reshape, squeeze

# There is no `==`: a KerasTensor is a key of dicts and a member of sets by identity, as in Keras.
_COMPARISONS = {
    "__lt__": less,
    "__le__": less_equal,
    "__gt__": greater,
    "__ge__": greater_equal,
    "__ne__": not_equal,
}
_BINARY = {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "truediv": divide,
    "floordiv": floor_divide,
    "mod": mod,
    "pow": power,
    "matmul": matmul,
    "and": logical_and,
    "or": logical_or,
    "xor": logical_xor,
}
_METHODS = {
    "__neg__": negative,
    "__abs__": absolute,
    "__invert__": logical_not,
    "__getitem__": get_item,
    "reshape": reshape,
    "squeeze": squeeze,
}


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: KerasTensor, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


def _reflected(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: KerasTensor, other: Any) -> Any:
        return function(other, self)

    return method


def _round(self: KerasTensor, ndigits: int | None = None) -> KerasTensor:
    return round(self, decimals=ndigits or 0)


def attach_operators(cls: type = KerasTensor) -> None:
    """Give `cls` its operators."""
    for name, function in (*_COMPARISONS.items(), *_METHODS.items()):
        setattr(cls, name, _method(function))
    for name, function in _BINARY.items():
        setattr(cls, f"__{name}__", _method(function))
        setattr(cls, f"__r{name}__", _reflected(function))
    cls.__round__ = _round  # type: ignore[attr-defined]
    # NumPy then leaves `array * keras_tensor` to the KerasTensor.
    cls.__array_ufunc__ = None  # type: ignore[attr-defined]


attach_operators()
