"""Whether a model is made of nothing but deepkit's own code, so that what a call does is known."""

import types
from typing import Any

import jax
import numpy as np

from deepkit.core.shapes import Shape
from deepkit.tensors import KerasTensor, Variable
from deepkit.training._fingerprint import SKIPPED

_PLAIN = (int, float, str, bool, bytes, type(None), type(...), slice, np.dtype, KerasTensor)
# Nothing that the results of a call depend on.
_SKIPPED = SKIPPED | {"_build_lock"}
_CONTAINERS = (list, tuple, dict, frozenset, Shape)


def is_library_code(model: Any, variables: list[Variable]) -> bool:
    """Whether a call of a model runs deepkit's own code on the model's own state alone.

    User code may print, count or read a file in each call, and what it depends on is not known.
    So a class, function or layer of the user's anywhere in the model is enough to say no, and so
    are NumPy arrays, which may be changed in place, variables that belong to something else, and
    layers that add losses.

    Args:
        model: the model.
        variables: the model's variables, which calls may read and write.
    """
    return _Reader({id(variable) for variable in variables}).knows(model)


class _Reader:
    """Goes through the attributes of objects, each once.

    Args:
        variables: the identities of the variables that may occur.
    """

    def __init__(self, variables: set[int]) -> None:
        self._variables = variables
        self._seen: set[int] = set()

    def knows(self, value: Any) -> bool:
        """Whether a value, and all that it holds, is of a known kind."""
        if isinstance(value, _PLAIN) or id(value) in self._seen:
            return True
        self._seen.add(id(value))
        if isinstance(value, Variable):
            return type(value) is Variable and id(value) in self._variables
        if isinstance(value, _CONTAINERS):
            items = [*value, *value.values()] if isinstance(value, dict) else value
            return type(value) in _CONTAINERS and all(map(self.knows, items))
        if isinstance(value, type):
            return _is_known_class(value)
        if isinstance(value, jax.Array):
            return not isinstance(value, jax.core.Tracer)
        if isinstance(value, types.FunctionType):
            return self._knows_function(value)
        return self._knows_object(value)

    def _knows_function(self, function: types.FunctionType) -> bool:
        # A function of the user's that one of ours wraps has the user's module, or is in a cell.
        return (
            _is_ours(function.__globals__.get("__name__"))
            and _is_ours(function.__module__)
            and all(map(self._is_constant, _closed_over(function)))
        )

    def _is_constant(self, value: Any) -> bool:
        """Whether a value is known, and nothing in it can change."""
        if isinstance(value, tuple | frozenset):
            return all(map(self._is_constant, value))
        return isinstance(value, (*_PLAIN, type, types.FunctionType)) and self.knows(value)

    def _knows_object(self, value: Any) -> bool:
        cls, attributes = type(value), getattr(value, "__dict__", None)
        if not _is_ours(cls.__module__) or attributes is None:
            return False
        if attributes.get("activity_regularizer") is not None:
            return False
        if hasattr(cls, "call") and not all(map(self._is_constant, (cls.call, cls.__call__))):
            return False
        return all(
            name in _SKIPPED or (not _overrides(cls, name, part) and self.knows(part))
            for name, part in list(attributes.items())
        )


def _closed_over(function: types.FunctionType) -> list[Any]:
    try:
        return [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:  # a variable that has no value yet
        return [object()]


def _is_known_class(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in ("builtins", "numpy", "deepkit")


def _is_ours(module: Any) -> bool:
    return isinstance(module, str) and module.startswith("deepkit.")


def _overrides(cls: type, name: str, value: Any) -> bool:
    """Whether an attribute of an object hides a method of its class."""
    return callable(value) and callable(getattr(cls, name, None))
