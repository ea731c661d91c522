"""What is in a file of a model or of weights, as plain data."""

import dataclasses
from typing import Any

from deepkit.saving._inspector._text import report_text

WEIGHTS, OPTIMIZER, SEEDS = "weights", "optimizer", "seeds"


@dataclasses.dataclass(frozen=True)
class ArrayReport:
    """An array in a file.

    Attributes:
        path: its path or key.
        kind: "weights", "optimizer" or "seeds".
        shape: its shape.
        dtype: the name of its dtype; `None` if it holds something else than numbers.
        nbytes: the bytes that it takes in memory.
        same_as: the path under which the same array is stored, if it is shared.
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    dtype: str | None
    nbytes: int
    same_as: str | None = None


@dataclasses.dataclass(frozen=True)
class LayerReport:
    """A layer that a config describes.

    Attributes:
        name: its name.
        class_name: its class.
        depth: how many models or wrappers it is in; 0 for the model itself.
        shape: the shape for which it was built, as the config has it; `None` if it says nothing.
        settings: some of its arguments.
    """

    name: str
    class_name: str
    depth: int
    shape: Any
    settings: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class FileReport:
    """What is in a file. `str(report)` is a text for people, `to_dict()` is plain data.

    Attributes:
        file: the path, as it was given.
        format: what kind of file it is.
        nbytes: its size.
        writer: what it says of its writer: versions, a date.
        layers: the model and its layers, from the config; empty for weights alone.
        compiled: the arguments of `compile`, in short; `None` if there are none.
        arrays: all arrays.
        manifest: "verified" if all arrays are those that were written, "not verified" if that was
            not asked for, "none" if the writer left none.
        refusals: what loading would refuse as it is; each says what would help.
    """

    file: str
    format: str
    nbytes: int
    writer: dict[str, Any]
    layers: tuple[LayerReport, ...]
    compiled: dict[str, Any] | None
    arrays: tuple[ArrayReport, ...]
    manifest: str
    refusals: tuple[str, ...]

    def of_kind(self, kind: str) -> list[ArrayReport]:
        """The arrays of a kind: "weights", "optimizer" or "seeds"."""
        return [array for array in self.arrays if array.kind == kind]

    @property
    def total_bytes(self) -> int:
        """The bytes of all arrays, each counted once."""
        return sum(array.nbytes for array in self.arrays if array.same_as is None)

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, texts and numbers."""
        return {**dataclasses.asdict(self), "total_bytes": self.total_bytes}

    def __str__(self) -> str:
        return report_text(self)
