"""The base that finds the state of a metric among its attributes."""

from collections.abc import Iterator
from typing import Any

from deepkit.core import tree
from deepkit.core.autoconfig import AutoConfig
from deepkit.tensors import Variable


class TrackedState(AutoConfig):
    """Abstract base: notes variables, and holders of state, as they become attributes."""

    def __new__(cls, *args: Any, **kwargs: Any) -> "TrackedState":
        # Before any constructor, so that attributes may be set ahead of `super().__init__()`.
        instance = super().__new__(cls, *args, **kwargs)
        instance.__dict__["_tracked_state"] = []
        return instance

    def __setattr__(self, name: str, value: Any) -> None:
        if _holds_state(value):
            self._track(value)
        super().__setattr__(name, value)

    def _track(self, value: Any) -> None:
        if all(known is not value for known in self._tracked_state):
            self._tracked_state.append(value)

    def _tracked_leaves(self) -> Iterator[Any]:
        """Each variable and holder once, in the order in which they were attached."""
        leaves = [leaf for value in self._tracked_state for leaf in tree.flatten(value)]
        yield from {id(leaf): leaf for leaf in leaves}.values()

    def _own_variables(self) -> list[Variable]:
        return [leaf for leaf in self._tracked_leaves() if isinstance(leaf, Variable)]

    def _holders(self) -> list["TrackedState"]:
        return [leaf for leaf in self._tracked_leaves() if isinstance(leaf, TrackedState)]

    @property
    def variables(self) -> list[Variable]:
        """The state: its own variables, then those of the holders inside it."""
        found = self._own_variables()
        for holder in self._holders():
            found.extend(holder.variables)
        return list({id(variable): variable for variable in found}.values())


def _holds_state(value: Any) -> bool:
    """Whether a value is state, or a container that holds some or, empty, may come to."""
    if isinstance(value, list | dict) and not value:
        return True
    return any(isinstance(leaf, Variable | TrackedState) for leaf in tree.flatten(value))
