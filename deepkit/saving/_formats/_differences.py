"""What does not fit between a file and a model, and how it is said."""

import dataclasses
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import WeightMismatchError
from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._state_reader import SavedArray

_MOST_LINES = 20
_MOST_LETTERS = 1000

_HEADINGS = {
    "differs": "Different in the file and in the model:",
    "missing": "In the model, but missing in the file:",
    "unused": "In the file, but not in the model:",
    "failed": "Could not be loaded:",
}


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing that does not fit.

    Attributes:
        kind: "differs", "missing", "unused" or "failed".
        text: a line that says what.
    """

    kind: str
    text: str


def compare(info: SavedArray, value: Any, path: str) -> Difference | None:
    """How a saved array differs from what the model has for it.

    Args:
        info: the saved array.
        value: a variable or array of the model.
        path: its path in the file, for values that have none of their own.
    """
    shape = tuple(np.shape(value))
    name = getattr(value, "path", path)
    if info.shape != shape:
        return Difference(
            "differs",
            f"'{info.path}' has shape {info.shape} in the file, '{name}' of the model has shape "
            f"{shape}",
        )
    dtype = np.dtype(getattr(value, "dtype", None) or np.asarray(value).dtype)
    if info.dtype is not None and _dtypes.family(info.dtype) != _dtypes.family(dtype):
        return Difference(
            "differs",
            f"'{info.path}' has dtype {info.dtype} in the file, '{name}' of the model has dtype "
            f"{dtype}",
        )
    return None


def report(
    differences: Sequence[Difference], file: str, model: str, skip_mismatch: bool, hint: str
) -> None:
    """Say all that does not fit: in an error, or in one warning if it is to be skipped.

    Raises:
        WeightMismatchError: something differs, and `skip_mismatch` is off.
    """
    if not differences:
        return
    lines = [
        line
        for kind, heading in _HEADINGS.items()
        for line in _section(heading, [d.text for d in differences if d.kind == kind])
    ]
    if skip_mismatch:
        head = f"Of '{file}', the following was not loaded into the model '{model}':"
        warnings.warn("\n".join([head, *lines]), stacklevel=2)
        return
    head = f"The weights in '{file}' do not fit the model '{model}'; none was changed."
    raise WeightMismatchError("\n".join([head, *lines, hint]))


def _section(heading: str, lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    if not lines:
        return []
    shown = [f"    {line:.{_MOST_LETTERS}}" for line in lines[:_MOST_LINES]]
    more = [f"    and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    return [f"  {heading}", *shown, *more]
