"""convert_file: a file of a model or of weights in another format."""

import dataclasses
import warnings
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError, CorruptFileError
from deepkit.saving import _api
from deepkit.saving._conversion._weights import to_hdf5, to_safetensors
from deepkit.saving._inspector._inspect import inspect_file
from deepkit.saving._inspector._report import OPTIMIZER, SEEDS, WEIGHTS, FileReport
from deepkit.saving._inspector._text import byte_text
from deepkit.saving._paths import check_overwrite, existing_file, file_ending, local_path

_WEIGHTS_ALONE = (".weights.h5", ".safetensors")
_DIRECT = {
    (".weights.h5", ".safetensors"): to_safetensors,
    (".safetensors", ".weights.h5"): to_hdf5,
}
_KINDS = {WEIGHTS: "weights", OPTIMIZER: "state of the optimizer", SEEDS: "seeds"}


@dataclasses.dataclass(frozen=True)
class ConversionReport:
    """What came of a conversion. `str(report)` is a text.

    Attributes:
        source: the path of the file that was read.
        target: the path of the file that was written.
        kept: what is in both.
        lost: what the new file does not hold.
        notes: warnings of loading and saving.
    """

    source: str
    target: str
    kept: tuple[str, ...]
    lost: tuple[str, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"Wrote '{self.target}' from '{self.source}', and verified it."]
        for heading, rows in (("kept", self.kept), ("lost", self.lost), ("note", self.notes)):
            lines += [f"  {heading}  {row}" for row in rows]
        return "\n".join(lines)


def convert_file(
    source: Any,
    target: Any,
    custom_objects: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> ConversionReport:
    """Rewrite a file of a model or of weights in the format of another ending.

    Weights go between `.weights.h5` and `.safetensors` without a model. A model is made from its
    file, in safe mode, and saved.

    Args:
        source: the path of a `.keras`, `.h5`, `.weights.h5` or `.safetensors` file.
        target: the path of the new file; weights cannot become a model.
        custom_objects: names in the file and the classes and functions that they mean.
        overwrite: whether an existing file may be replaced.

    Returns:
        What was kept and what was lost.

    Raises:
        ArgumentError: there is no way from the one to the other.
        CorruptFileError: the file is damaged, or what was written is not what was read.
        SerializationError: the file names something unknown; the message says how to give it.

    Example:
        >>> import deepkit, os, tempfile
        >>> model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
        >>> folder = tempfile.mkdtemp()
        >>> model.save(os.path.join(folder, "a.keras"))
        >>> report = deepkit.saving.convert_file(
        ...     os.path.join(folder, "a.keras"), os.path.join(folder, "a.safetensors")
        ... )
        >>> report.kept, report.lost
        (('weights: 2 arrays, 32 bytes',), ('the model: 2 layers',))
    """
    origin, goal = existing_file(source), local_path(target)
    endings = file_ending(origin), file_ending(goal)
    check_overwrite(goal, overwrite)
    before = inspect_file(origin)
    _check_way(before, endings)
    notes: list[str] = []
    if endings in _DIRECT:
        _DIRECT[endings](origin, goal)
    else:
        notes = _convert_by_model(origin, goal, custom_objects)
    return _compared(before, inspect_file(goal), notes)


def _check_way(before: FileReport, endings: tuple[str, str]) -> None:
    if endings in _DIRECT:
        return
    if endings[0] == endings[1] and endings[0] in _WEIGHTS_ALONE:
        raise ArgumentError(
            f"Expected two formats, received '{before.file}' and a path of the same ending."
        )
    if not before.layers:
        raise ArgumentError(
            f"'{before.file}' holds weights and no model, which it takes to write a "
            f"`{endings[1]}` file of it. Make the model in code, load the weights, and save it."
        )


def _convert_by_model(origin: Any, goal: Any, custom_objects: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = _api.load_model(origin, custom_objects)
        if goal.name.endswith(_WEIGHTS_ALONE):
            _api.save_weights(model, goal)
        else:
            _api.save_model(model, goal)
            again = _api.load_model(goal, custom_objects, compile=False)
            _check_equal(model, again, str(goal))
    return [str(warning.message) for warning in caught]


def _check_equal(model: Any, again: Any, file: str) -> None:
    """Raise unless two models have the same weights, bit for bit."""
    pairs = zip(model.weights, again.weights)
    if len(model.weights) != len(again.weights) or not all(
        np.asarray(one).tobytes() == np.asarray(other).tobytes() for one, other in pairs
    ):
        raise CorruptFileError(
            f"'{file}' was written, but the model in it has other weights than the one that was "
            f"read: its `get_config` or its layers do not make the same model again."
        )


def _compared(before: FileReport, after: FileReport, notes: list[str]) -> ConversionReport:
    kept, lost = [], []
    if before.layers:
        (kept if after.layers else lost).append(f"the model: {len(before.layers) - 1} layers")
    if before.compiled is not None:
        (kept if after.compiled is not None else lost).append("the arguments of compile")
    for kind, name in _KINDS.items():
        had = [array for array in before.of_kind(kind) if array.same_as is None]
        size = byte_text(sum(array.nbytes for array in had))
        if had:
            there = kept if after.of_kind(kind) else lost
            there.append(f"{name}: {len(had)} arrays, {size}")
    return ConversionReport(
        source=before.file,
        target=after.file,
        kept=tuple(kept),
        lost=tuple(lost),
        notes=tuple(notes),
    )
