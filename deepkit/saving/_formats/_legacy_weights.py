"""Weights in the older `.h5` format: layer by layer, by order or by name."""

import collections
import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from deepkit.core import naming
from deepkit.core.errors import CorruptFileError, SerializationError
from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._differences import Difference
from deepkit.saving._formats._inspection import DatasetInfo
from deepkit.saving._formats._model import KERAS_VERSION, is_older_version
from deepkit.saving._formats._older._cudnn import cudnn_layouts, is_for_another_gru
from deepkit.saving._formats._older._keras_1 import join_gates
from deepkit.saving._formats._older._kernels import OlderKernels
from deepkit.saving._formats._older._layouts import OlderLayout
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._taken import Taken
from deepkit.saving._formats._writer import Hdf5Writer
from deepkit.saving._saveable import check_step
from deepkit.tensors import Variable

_TOP_LEVEL = "top_level_model_weights"
_NAMES = "weight_names"


@dataclasses.dataclass(frozen=True)
class Part:
    """Weights that go together: those of a layer, or a model's own.

    Attributes:
        name: the layer's name.
        class_name: the layer's class, in snake case.
        variables: its weights, the trainable ones first.
    """

    name: str
    class_name: str
    variables: list[Variable]


def parts_of(model: Any) -> list[Part]:
    """The layers directly in a model, and last its own weights."""
    layers = [
        Part(
            layer.name,
            naming.to_snake_case(type(layer).__name__),
            [*layer.trainable_weights, *layer.non_trainable_weights],
        )
        for layer in model.layers
    ]
    return [*layers, Part(_TOP_LEVEL, "", model.own_variables)]


def write_layers(model: Any, writer: Hdf5Writer, root: str) -> None:
    """Write the weights of all layers, and the model's own.

    Raises:
        SerializationError: two layers have the same name, or one that no file can hold.
    """
    parts = parts_of(model)
    names = [part.name for part in parts]
    for name in names:
        check_step(name)
    twice = sorted(name for name, count in collections.Counter(names).items() if count > 1)
    if twice:
        raise SerializationError(
            f"Expected layers with different names to save '{model.name}' in the `.h5` format, "
            f"but {twice} are used more than once. Rename them, or save to `.keras`."
        )
    writer.group(root, backend="jax", keras_version=KERAS_VERSION)
    writer.texts(root, "layer_names", names[:-1])
    for part in parts:
        write_arrays(writer, f"{root}/{part.name}", part.variables)


def write_arrays(writer: Hdf5Writer, group: str, variables: Sequence[Variable]) -> None:
    """Write variables under their own paths, with a list of these that says their order."""
    names = _names_for(variables)
    writer.group(group)
    writer.texts(group, _NAMES, names)
    for name, variable in zip(names, variables):
        array = _dtypes.to_array(variable, name)
        # Readers of this format know no other float of 16 bits; nothing is lost.
        opaque = _dtypes.is_opaque(array.dtype)
        writer.array(f"{group}/{name}", array.astype("float32") if opaque else variable)


def _names_for(variables: Sequence[Variable]) -> list[str]:
    """Paths of variables, or numbers where paths are unusable or not different."""
    paths = [variable.path for variable in variables]
    folders = {path[: found.start()] for path in paths for found in re.finditer("/", path)}
    usable = [_is_usable(path) and paths.count(path) == 1 for path in paths]
    return [
        path if good and path not in folders else f"weight_{index}"
        for index, (path, good) in enumerate(zip(paths, usable))
    ]


def _is_usable(path: str) -> bool:
    try:
        for step in path.split("/"):
            check_step(step)
    except SerializationError:
        return False
    return len(path) <= 1000


def read_arrays(reader: Hdf5Reader, group: str) -> list[DatasetInfo]:
    """The arrays of a group, in their order.

    Raises:
        CorruptFileError: one that is listed is not there, or there are some and no list.
    """
    found = []
    names = reader.texts(group, _NAMES)
    if not names and any(path.startswith(f"{group}/") for path in reader.datasets):
        raise CorruptFileError(
            f"'{reader.file}' is damaged: '{group}' has arrays, and no list of their names."
        )
    for name in names:
        info = reader.datasets.get(f"{group}/{name}")
        if info is None:
            raise CorruptFileError(
                f"'{reader.file}' lists an array {name[:100]!r} in '{group}' that is not there."
            )
        found.append(info)
    return found


def version_of(reader: Hdf5Reader, root: str) -> str:
    """The version of Keras that wrote a file; Keras 1 left it out beside weights alone."""
    return reader.text("", "keras_version") or reader.text(root, "keras_version") or "1.0"


def pair_layers(
    model: Any, reader: Hdf5Reader, root: str, by_name: bool, is_config_of_file: bool
) -> tuple[list[Taken], list[Difference]]:
    """Pair the weights of a model with those of a file.

    Args:
        model: the model.
        reader: the file.
        root: the group that has the layers.
        by_name: whether layers are found by name, and others are left as they are.
        is_config_of_file: whether the file's own config made the model, so that names can be relied
            on.

    Returns:
        The pairs of layers that fit, and what does not fit.
    """
    *layers, own = (part for part in parts_of(model))
    layers = [part for part in layers if part.variables]
    prefix = f"{root}/" if root else ""
    saved = {name: read_arrays(reader, f"{prefix}{name}") for name in _layer_names(reader, root)}
    saved = {name: arrays for name, arrays in saved.items() if arrays}
    names = {part.name for part in layers}
    if by_name:
        matched = [(part, part.name) for part in layers if part.name in saved]
        differences = []
    elif is_config_of_file and names == set(saved):
        matched, differences = [(part, part.name) for part in layers], []
    elif len(layers) == len(saved):
        matched = list(zip(layers, saved))
        differences = list(_moved(matched))
    else:
        matched, differences = [], list(_uncounted(layers, saved))
    top_level = f"{prefix}{_TOP_LEVEL}"
    if top_level in reader.groups and not by_name:
        saved[_TOP_LEVEL] = read_arrays(reader, top_level)
        matched.append((own, _TOP_LEVEL))
    version = version_of(reader, root)
    kernels = OlderKernels(model, reader, version) if is_older_version(version) else None
    pairs = []
    for part, name in matched:
        taken, found = _pair_part(part, name, saved[name], kernels)
        differences.extend(found)
        pairs.extend(taken)
    return pairs, differences


def _layer_names(reader: Hdf5Reader, root: str) -> list[str]:
    names = reader.texts(root, "layer_names")
    prefix = f"{root}/" if root else ""
    lacking = [name for name in names if f"{prefix}{name}" not in reader.groups]
    if lacking:
        raise CorruptFileError(
            f"'{reader.file}' lists layers that are not there: "
            f"{[name[:100] for name in lacking[:5]]}."
        )
    return names


def _pair_part(
    part: Part, name: str, saved: list[DatasetInfo], kernels: OlderKernels | None
) -> tuple[list[Taken], list[Difference]]:
    """The weights of a layer and their arrays, or what does not fit."""
    infos = [[info] for info in saved]
    if len(part.variables) != len(saved):
        infos = join_gates(part.variables, saved) or []
    if len(part.variables) != len(infos):
        text = (
            f"'{name}' has {len(saved)} arrays in the file, '{part.name}' of the model has "
            f"{len(part.variables)}"
        )
        return [], [Difference("differs", text)]
    layouts = {} if kernels is None else _older_layouts(part, [own[0] for own in infos], kernels)
    taken = [Taken(v, own, layout=layouts.get(id(v))) for v, own in zip(part.variables, infos)]
    differences = [found for one in taken if (found := one.difference()) is not None]
    if kernels is not None and is_for_another_gru(part.variables, saved):
        text = f"'{name}' has weights of a CuDNNGRU, which is GRU(reset_after=True) today"
        differences.append(Difference("differs", text))
    return ([] if differences else taken), differences


def _older_layouts(
    part: Part, saved: list[DatasetInfo], kernels: OlderKernels
) -> dict[int, OlderLayout]:
    """How older Keras laid out the weights of a layer, by ids, where not as today."""
    found = {id(v): kernels.layout(v, info) for v, info in zip(part.variables, saved)}
    layouts = {key: layout for key, layout in found.items() if layout is not None}
    return {**layouts, **cudnn_layouts(part.variables, saved)}


def _uncounted(layers: list[Part], saved: dict[str, list[DatasetInfo]]) -> Iterator[Difference]:
    """What is too much or too little, where the numbers of layers differ."""
    names = [part.name for part in layers]
    for part in layers:
        if part.name not in saved:
            shapes = [tuple(variable.shape) for variable in part.variables]
            yield Difference("missing", f"'{part.name}' {shapes}")
    for name, arrays in saved.items():
        if name not in names:
            yield Difference("unused", f"'{name}' {[info.shape for info in arrays]}")
    yield Difference(
        "differs",
        f"the file has {len(saved)} layers with weights, the model has {len(layers)}; pass "
        f"`by_name=True` to load those of equal names",
    )


def _moved(matched: Iterable[tuple[Part, str]]) -> Iterator[Difference]:
    """Layers whose names say that they have changed places."""
    matched = list(matched)
    names = {part.name for part, _ in matched}
    permuted = names == {name for _, name in matched}
    for part, name in matched:
        automatic = re.fullmatch(rf"{re.escape(part.class_name)}(_\d+)?", name) is not None
        if name != part.name and name in names and (permuted or not automatic):
            yield Difference(
                "differs",
                f"'{name}' of the file is in the place of '{part.name}' of the model, which has a "
                f"'{name}' elsewhere; pass `by_name=True` to load by names",
            )
