"""inspect_file: what is in a file, found out without making anything that it describes."""

import pathlib
from typing import Any

from deepkit.core.errors import CorruptFileError
from deepkit.saving._formats._members import opened, read_description
from deepkit.saving._formats._older_configs import modern_config, modern_training_config
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._safetensors_reader import SafetensorsReader
from deepkit.saving._formats._shard_index import ShardIndex
from deepkit.saving._formats._sharded_reader import ShardedReader
from deepkit.saving._inspector._architecture import compiled_with, layers_of
from deepkit.saving._inspector._arrays import arrays_of
from deepkit.saving._inspector._refusals import refusals_in
from deepkit.saving._inspector._report import FileReport
from deepkit.saving._json import read_json
from deepkit.saving._paths import existing_file, file_ending

# Of the metadata of a safetensors file, what tells who wrote it; the rest may be anything.
_NOTES = ("format", "class_name")


def inspect_file(filepath: Any, verify: bool = True) -> FileReport:
    """What is in a file of a model or of weights: layers, arrays, versions, checksums.

    Nothing that the file describes is built, imported or run. What loading refuses because of the
    file itself is refused here by the same error; what it refuses because of a class or function
    that the config names is listed in `refusals`.

    Args:
        filepath: a path that ends in `.keras`, `.h5`, `.hdf5`, `.weights.h5`, `.weights.json` or
            `.safetensors`, or a folder that holds a model.
        verify: whether all arrays are read and compared with the file's checksums.

    Returns:
        A `FileReport`: `print` it, or see its attributes.

    Raises:
        MissingFileError: there is no such file.
        CorruptFileError: the file is damaged or of another kind than its name says.
        UnsafeFileError: the file asks for something that is not done.

    Example:
        >>> import deepkit, os, tempfile
        >>> model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
        >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
        >>> model.save(path)
        >>> report = deepkit.saving.inspect_file(path)
        >>> [layer.class_name for layer in report.layers], report.manifest
        (['Sequential', 'InputLayer', 'Dense'], 'verified')
    """
    path = existing_file(filepath)
    return _INSPECTORS[file_ending(path)](path, verify)


def _inspect_archive(path: pathlib.Path, verify: bool) -> FileReport:
    file = str(path)
    with opened(path, file) as members:
        metadata, config = read_description(members)
        config = _modern(modern_config, config, file, metadata.get("keras_version"))
        _check_model(config, file)
        with members.weights() as reader:
            return _report(
                path,
                f"model in {'a folder' if path.is_dir() else 'the `.keras` format'}",
                reader,
                verify,
                writer={**metadata, **reader.manifest.writer},
                config=config,
                compile_config=config.get("compile_config"),
                nbytes=members.stored_size if path.is_dir() else None,
            )


def _inspect_hdf5(path: pathlib.Path, verify: bool) -> FileReport:
    file = str(path)
    with Hdf5Reader(path, file) as reader:
        texts = {name: reader.text("", name) for name in ("keras_version", "backend")}
        writer = {name: text for name, text in texts.items() if text is not None}
        config = _parsed(reader, "model_config", modern_config)
        if config is not None:
            _check_model(config, file)
        return _report(
            path,
            "weights in an HDF5 file" if config is None else "model in the `.h5` format",
            reader,
            verify,
            writer={**writer, **reader.manifest.writer},
            config=config,
            compile_config=_parsed(reader, "training_config", modern_training_config),
        )


def _inspect_shards(path: pathlib.Path, verify: bool) -> FileReport:
    file = str(path)
    index = ShardIndex.read(path, file)
    with ShardedReader(index, path.resolve().parent, file) as reader:
        return _report(
            path,
            f"weights in {len(index.shards)} files and an index of them",
            reader,
            verify,
            writer=reader.writer,
        )


def _inspect_safetensors(path: pathlib.Path, verify: bool) -> FileReport:
    with SafetensorsReader(path, str(path)) as reader:
        return _report(
            path,
            "weights in the safetensors format",
            reader,
            verify,
            writer={
                **{name: text for name, text in reader.metadata.items() if name in _NOTES},
                **reader.manifest.writer,
            },
        )


_INSPECTORS = {
    ".keras": _inspect_archive,
    ".h5": _inspect_hdf5,
    ".hdf5": _inspect_hdf5,
    ".weights.h5": _inspect_hdf5,
    ".weights.json": _inspect_shards,
    ".safetensors": _inspect_safetensors,
}


def _parsed(reader: Hdf5Reader, name: str, change: Any) -> dict[str, Any] | None:
    """A config in an attribute of an HDF5 file, in today's form; `None` if there is none."""
    text = reader.text("", name)
    if text is None:
        return None
    version = reader.text("", "keras_version")
    return _modern(change, read_json(text, name, reader.file), reader.file, version)


def _check_model(config: dict[str, Any], file: str) -> None:
    if not isinstance(config.get("class_name"), str):
        raise CorruptFileError(f"The config in '{file}' describes no model.")


def _modern(change: Any, config: Any, file: str, version: str | None) -> dict[str, Any]:
    try:
        if isinstance(config, dict):
            return change(config, version)
    except (TypeError, LookupError, AttributeError, ValueError, RecursionError) as error:
        raise CorruptFileError(
            f"The config in '{file}' is not as it should be: {type(error).__name__}: {error}."
        ) from error
    raise CorruptFileError(f"The config in '{file}' describes no model.")


def _report(
    path: pathlib.Path,
    kind: str,
    reader: Hdf5Reader | ShardedReader | SafetensorsReader,
    verify: bool,
    writer: dict[str, Any],
    config: dict[str, Any] | None = None,
    compile_config: Any = None,
    nbytes: int | None = None,
) -> FileReport:
    if verify:
        reader.verify()
    compiled = compile_config if isinstance(compile_config, dict) else None
    return FileReport(
        file=str(path),
        format=kind,
        nbytes=path.stat().st_size if nbytes is None else nbytes,
        writer=writer,
        layers=() if config is None else layers_of(config),
        compiled=None if compiled is None else compiled_with(compiled),
        arrays=tuple(arrays_of(reader)),
        manifest=("verified" if verify else "not verified") if reader.is_noted else "none",
        refusals=() if config is None else refusals_in([config, compiled]),
    )
