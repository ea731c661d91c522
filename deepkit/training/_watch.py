"""Watch: whether anything that was read from some objects has changed since."""

import itertools
import operator
from collections.abc import Callable, Iterable
from typing import Any

from deepkit.tensors import Variable

_flat = itertools.chain.from_iterable
_VARIABLE_STATE = operator.attrgetter(
    "_dtype", "_trainable", "_overwrite_with_gradient", "constraint", "regularizer"
)


class Watch:
    """Notes what attributes and containers hold, and tells later whether they hold the same.

    Contents are compared by identity, one level deep each, which takes half a microsecond for an
    object. Nothing has to announce its changes, so those past `__setattr__`, and those in lists
    that are changed in place, are seen too. What is noted must be kept alive, and is.
    """

    def __init__(self) -> None:
        self._dicts: list[dict[Any, Any]] = []
        # Lists, and live views of the values of dicts.
        self._containers: list[Any] = []
        self._variables: dict[int, Variable] = {}
        self._methods: dict[Any, tuple[Callable[..., Any], Callable[..., Any]]] = {}
        self._before = _Contents()
        # Whether all was noted; otherwise nothing is known to hold.
        self.is_complete = True

    def note_dict(self, value: dict[Any, Any]) -> None:
        """Watch the keys and values of a dict, such as the attributes of an object."""
        self._dicts.append(value)
        self._note(value.values())
        self._before.keys.extend(value)

    def note_list(self, value: list[Any]) -> None:
        """Watch the elements of a list."""
        self._note(value)

    def _note(self, container: Any) -> None:
        self._containers.append(container)
        elements = tuple(container)
        self._before.sizes.append(len(elements))
        self._before.elements.extend(elements)

    def note_variable(self, value: Variable) -> None:
        """Watch all of a variable but its value."""
        if id(value) not in self._variables:
            self._variables[id(value)] = value
            self._before.variables.extend(_VARIABLE_STATE(value))

    def note_class(self, cls: type) -> None:
        """Watch how objects of a class are called."""
        if hasattr(cls, "call"):
            self._methods[cls] = (cls.call, cls.__call__)

    def holds(self) -> bool:
        """Whether all is as it was noted."""
        before = self._before
        try:
            return (
                self.is_complete
                and list(map(len, self._containers)) == before.sizes
                and _same(_flat(self._containers), before.elements)
                and list(_flat(self._dicts)) == before.keys
                and _same(_flat(map(_VARIABLE_STATE, self._variables.values())), before.variables)
                and all(
                    cls.call is call and cls.__call__ is dunder
                    for cls, (call, dunder) in self._methods.items()
                )
            )
        except RuntimeError:  # another thread changes the size of a dict at this moment
            return False


class _Contents:
    """What was noted: sizes and elements of containers, keys of dicts, parts of variables."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.elements: list[Any] = []
        self.keys: list[Any] = []
        self.variables: list[Any] = []


def _same(now: Iterable[Any], before: list[Any]) -> bool:
    """Whether two series of one length hold the same objects."""
    return all(map(operator.is_, now, before))
