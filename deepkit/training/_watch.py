"""Watch: whether anything that was read from some objects has changed since."""

import operator
from collections.abc import Callable
from typing import Any

from deepkit.tensors import Variable

_VARIABLE_STATE = operator.attrgetter(
    "_dtype", "_trainable", "_overwrite_with_gradient", "constraint", "regularizer"
)


class Watch:
    """Notes what attributes and containers hold, and tells later whether they hold the same.

    Contents are compared by identity, one level deep each, which takes about a microsecond for an
    object. Nothing has to announce its changes, so those past `__setattr__`, and those in lists
    that are changed in place, are seen too. What is noted must be kept alive, and is.
    """

    def __init__(self) -> None:
        self._dicts: list[tuple[dict[Any, Any], tuple[Any, ...], tuple[Any, ...]]] = []
        self._lists: list[tuple[list[Any], tuple[Any, ...]]] = []
        self._variables: dict[int, tuple[Variable, tuple[Any, ...]]] = {}
        self._methods: dict[type, Callable[..., Any] | None] = {}

    def note_dict(self, value: dict[Any, Any]) -> None:
        """Watch the keys and values of a dict, such as the attributes of an object."""
        self._dicts.append((value, tuple(value), tuple(value.values())))

    def note_list(self, value: list[Any]) -> None:
        """Watch the elements of a list."""
        self._lists.append((value, tuple(value)))

    def note_variable(self, value: Variable) -> None:
        """Watch all of a variable but its value."""
        self._variables[id(value)] = (value, _VARIABLE_STATE(value))

    def note_call(self, cls: type, call: Callable[..., Any] | None) -> None:
        """Watch the `call` of a class."""
        self._methods[cls] = call

    def holds(self) -> bool:
        """Whether all is as it was noted."""
        for mapping, keys, values in self._dicts:
            if not _same(tuple(mapping.values()), values) or tuple(mapping) != keys:
                return False
        return (
            all(_same(tuple(found), elements) for found, elements in self._lists)
            and all(_same(_VARIABLE_STATE(v), state) for v, state in self._variables.values())
            and all(getattr(cls, "call", None) is call for cls, call in self._methods.items())
        )

    @property
    def variables(self) -> list[Variable]:
        """The variables that were noted."""
        return [variable for variable, _ in self._variables.values()]


def _same(now: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    return len(now) == len(before) and all(map(operator.is_, now, before))
