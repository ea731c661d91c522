"""Stands for variables that have no value."""

from collections.abc import Callable
from typing import Any

from deepkit.core.errors import UnboundVariableError


class Undefined:
    """A variable without a value.

    Args:
        name: the variable's name.
        reason: why it has none; `None` if it was just not assigned yet.
    """

    __slots__ = ("name", "reason")

    def __init__(self, name: str, reason: str | None = None) -> None:
        self.name, self.reason = name, reason

    def read(self) -> Any:
        """Raise what reading the variable raises."""
        if self.reason is None:
            raise UnboundLocalError(f"`{self.name}` is used before it gets a value.")
        raise UnboundVariableError(self.reason)


class UndefinedReturnValue:
    """What a function returns as long as it has not come to a `return`."""


def ld(value: Any) -> Any:
    """The value of a variable that is read."""
    return value.read() if type(value) is Undefined else value


def ldu(load: Callable[[], Any], name: str) -> Any:
    """The value of an attribute or item, `Undefined` if there is none."""
    try:
        return load()
    except (KeyError, AttributeError, NameError, IndexError):
        return Undefined(name)


def is_undefined(value: Any) -> bool:
    """Whether a value stands for none."""
    return type(value) in (Undefined, UndefinedReturnValue)
