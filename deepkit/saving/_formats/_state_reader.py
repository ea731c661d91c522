"""What loading asks of a file that has the state of a model, whatever its format."""

from collections.abc import Container, Mapping
from typing import Protocol

import numpy as np


class SavedArray(Protocol):
    """What is known of an array in a file before it is read.

    Attributes:
        path: its path or key.
        shape: its shape.
        dtype: the dtype of its numbers; `None` if it holds something else.
        nbytes: the bytes that it takes.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype | None
    nbytes: int


class StateReader(Protocol):
    """An open file with arrays in groups.

    Attributes:
        file: how messages name it.
        datasets: all arrays, by path or key.
        groups: the paths of all groups.
        is_noted: whether its writer has noted what it should hold.
    """

    file: str
    datasets: Mapping[str, SavedArray]
    groups: Container[str]
    is_noted: bool

    def datasets_in(self, path: str) -> Mapping[str, SavedArray]:
        """The arrays directly in a group, by name; none if there is no such group."""

    def filled_groups(self) -> set[str]:
        """The paths of all groups that have arrays in them or further in."""

    def read(self, info: SavedArray, target: str | None = None) -> np.ndarray:
        """An array, in native byte order, whose numbers are not too large for a dtype."""

    def text(self, path: str, name: str) -> str | None:
        """A text attribute of a group; `None` if there is none."""
