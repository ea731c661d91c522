"""Weights from `.weights.h5` to `.safetensors` and back, without the model."""

import itertools
import pathlib

from deepkit.core.errors import ArgumentError, CorruptFileError, SerializationError
from deepkit.core.naming import is_text_for_files
from deepkit.saving._atomic import replacing
from deepkit.saving._formats._inspection import MAX_DEPTH
from deepkit.saving._formats._manifest import PATH as MANIFEST
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._safetensors import WeightsContent, write_content
from deepkit.saving._formats._safetensors_reader import SafetensorsReader
from deepkit.saving._formats._writer import Hdf5Writer, written_to
from deepkit.saving._inspector._arrays import arrays_of
from deepkit.saving._inspector._report import WEIGHTS
from deepkit.saving._saveable import check_path

_VARIABLES = "vars"


def to_safetensors(source: pathlib.Path, target: pathlib.Path) -> None:
    """Rewrite a `.weights.h5` file; the states of optimizer and seeds have no place there.

    Its arrays have numbers and no names, so keys end in numbers: `layers.dense.0`.

    Raises:
        CorruptFileError: two of its arrays would get one key.
    """
    content = WeightsContent(class_name=None)
    with Hdf5Reader(source, str(source)) as reader:
        keys: dict[str, str] = {}
        for array in arrays_of(reader):
            if array.kind != WEIGHTS:
                continue
            key = keys[array.path] = _key(array.path)
            if key in content.paths:
                raise CorruptFileError(f"'{source}' has two arrays that would both be '{key}'.")
            content.paths[key] = array.path
            group, _, _ = array.path.rpartition("/")
            name = reader.text(group, "name")
            if name is not None:
                content.names[group] = name
            if array.same_as is None:
                content.arrays[key] = reader.read(reader.datasets[array.path])
            else:
                content.aliases[key] = keys[array.same_as]
    write_content(content, target)


def _key(path: str) -> str:
    *steps, last = path.split("/")
    if steps and steps[-1] == _VARIABLES:
        steps.pop()
    return ".".join([*steps, last])


def to_hdf5(source: pathlib.Path, target: pathlib.Path) -> None:
    """Rewrite a `.safetensors` file that deepkit wrote.

    Raises:
        ArgumentError: another library wrote it, so that it does not say where its arrays belong.
        CorruptFileError: what it notes are no paths, or not those of one file.
    """
    with SafetensorsReader(source, str(source)) as reader:
        paths, names, aliases = reader.paths(), reader.names(), reader.aliases()
        lacking = sorted({*reader.datasets, *aliases} - set(paths))
        if lacking:
            raise ArgumentError(
                f"'{source}' does not say where {[key[:100] for key in lacking[:3]]} belong in a "
                f"`.weights.h5` file: another library wrote it. Make the model in code, call "
                f"`load_weights_from` with the file, then `save_weights`."
            )
        _check([paths[key] for key in (*reader.datasets, *aliases)], names, source)
        with replacing(target) as temporary, written_to(temporary, str(target)) as writer:
            for key, info in reader.datasets.items():
                _group(writer, paths[key], names)
                writer.array(paths[key], reader.read(info))
            for key, stored in aliases.items():
                _group(writer, paths[key], names)
                writer.link(paths[key], paths[stored])


def _group(writer: Hdf5Writer, path: str, names: dict[str, str]) -> None:
    group, _, _ = path.rpartition("/")
    writer.group(group, **({"name": names[group]} if group in names else {}))


def _check(paths: list[str], names: dict[str, str], source: pathlib.Path) -> None:
    """Raise unless an HDF5 file can have what a file notes: arrays at all paths, and names."""
    try:
        for path in paths:
            check_path(path)
    except SerializationError as error:
        raise CorruptFileError(f"'{source}' notes a path that is none: {error}") from error
    in_order = sorted(f"{path}/".replace("/", "\x00") for path in (*paths, MANIFEST))
    is_within = any(path.startswith(other) for other, path in itertools.pairwise(in_order))
    if is_within or any(path.count("/") >= MAX_DEPTH for path in paths):
        raise CorruptFileError(
            f"'{source}' is damaged: it notes paths that are the same, within each other, kept for "
            f"the manifest, or of more than {MAX_DEPTH} levels."
        )
    if not all(is_text_for_files(name) for name in names.values()):
        raise CorruptFileError(f"'{source}' is damaged: it notes a name that no file can hold.")
