"""The `.keras` format: a zip archive of two JSON texts and an HDF5 file.

Members are read in their place or in memory, and never written to disk.
"""

import contextlib
import datetime
import pathlib
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from deepkit.core import serialization
from deepkit.core.errors import CorruptFileError, SerializationError, UnsafeFileError
from deepkit.saving._atomic import replacing
from deepkit.saving._formats._checksums import Piece, workers
from deepkit.saving._formats._legacy_configs import modern_config
from deepkit.saving._formats._manifest import check_stamp, stamp
from deepkit.saving._formats._member_file import MemberFile
from deepkit.saving._formats._model import (
    KERAS_VERSION,
    LOADING_HINT,
    checked_model,
    has_older_optimizer,
    warn_of_older_optimizer,
)
from deepkit.saving._formats._output import write_pieces
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._scattered_file import ScatteredFile
from deepkit.saving._formats._state import groups_of, load_state, write_state
from deepkit.saving._formats._writer import written_in_memory
from deepkit.saving._formats._zip import archive_of
from deepkit.saving._json import read_json, write_json
from deepkit.saving._saveable import Saveable

_METADATA = "metadata.json"
_CONFIG = "config.json"
_WEIGHTS = "model.weights.h5"

MAX_MEMBERS = 10_000
# Weights hardly compress, and Keras and deepkit store them as they are.
MAX_EXPANSION = 20
FREE_BYTES = 16 * 2**20


def save_model(model: Saveable, path: pathlib.Path, include_optimizer: bool = True) -> None:
    """Write architecture, compile arguments and state."""
    date = datetime.datetime.now()
    texts = _texts(model, date, include_optimizer)
    with workers() as pool:
        with written_in_memory(pool) as (writer, weights):
            write_state(groups_of(model, include_optimizer), writer)
        members = {**texts, _WEIGHTS: weights.pieces()}
        with replacing(path) as temporary:
            write_pieces(temporary, archive_of(members, date), pool, str(path))
            _verify(temporary, str(path), weights)


def _texts(
    model: Saveable, date: datetime.datetime, include_optimizer: bool
) -> dict[str, list[Piece]]:
    """The members that are JSON texts."""
    with serialization.sharing_scope():
        config = serialization.serialize_keras_object(model)
    if not include_optimizer:
        config.pop("compile_config", None)
    saved = {"keras_version": KERAS_VERSION, "date_saved": date.strftime("%Y-%m-%d@%H:%M:%S")}
    texts = {
        _METADATA: write_json({**saved, **stamp()}, "metadata"),
        _CONFIG: write_json(config, "config of the model"),
    }
    return {name: [Piece(text.encode())] for name, text in texts.items()}


def _verify(path: pathlib.Path, file: str, weights: ScatteredFile) -> None:
    """Open what was written, as loading does. That all bytes are there has been seen before."""
    with _opened(path, file) as archive:
        _read(archive, _METADATA, file)
        _read(archive, _CONFIG, file)
        with _weights_in(archive, file, is_verified=True) as reader:
            reader.verify(weights.places())


def load_model(
    path: pathlib.Path, custom_objects: Any, compile: bool, safe_mode: bool | None
) -> Any:
    """Make the model that a file describes, with its state."""
    file = str(path)
    with _opened(path, file) as archive:
        metadata = {}
        if _METADATA in archive.namelist():
            metadata = read_json(_read(archive, _METADATA, file), _METADATA, file)
            check_stamp(metadata, file)
        config = read_json(_read(archive, _CONFIG, file), _CONFIG, file)
        if not isinstance(config, dict):
            raise CorruptFileError(f"{_CONFIG} in '{file}' describes no model.")
        with serialization.without_compile(not compile):
            try:
                made = serialization.deserialize_keras_object(
                    modern_config(config), custom_objects, safe_mode
                )
            except (SerializationError, UnsafeFileError) as error:
                error.add_note(f"While loading '{file}'.")
                raise
        model = checked_model(made, file)
        version = str(metadata.get("keras_version", KERAS_VERSION))
        with _weights_in(archive, file) as reader:
            if compile and has_older_optimizer(version) and "optimizer" in reader.groups:
                warn_of_older_optimizer(file, version)
                compile = False
            load_state(model, reader, LOADING_HINT, include_optimizer=compile)
    return model


def load_weights(model: Saveable, path: pathlib.Path, **options: Any) -> None:
    """Load the state of a model; for options see `load_state`."""
    with _opened(path, str(path)) as archive, _weights_in(archive, str(path)) as reader:
        load_state(model, reader, **options)


@contextlib.contextmanager
def _opened(path: pathlib.Path, file: str) -> Iterator[zipfile.ZipFile]:
    """An archive with members of different, plain names."""
    if path.stat().st_size == 0:
        raise CorruptFileError(f"'{file}' is empty: it has no bytes.")
    with path.open("rb") as stream:
        start = stream.read(4)
        if not start.startswith(b"PK"):
            hint = " It is an HDF5 file: give it the ending `.h5`." if start == b"\x89HDF" else ""
            raise CorruptFileError(f"'{file}' is no zip archive, whatever its name says.{hint}")
        stream.seek(0)
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise CorruptFileError(f"'{file}' is truncated or damaged: {error}") from error
        with archive:
            _check_names(archive.namelist(), file)
            yield archive


def _check_names(names: list[str], file: str) -> None:
    if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
        raise CorruptFileError(
            f"Expected at most {MAX_MEMBERS:,} members with different names in '{file}'."
        )
    for name in names:
        steps = name.replace("\\", "/").split("/")
        if ".." in steps or not steps[0] or ":" in steps[0]:
            raise UnsafeFileError(
                f"'{file}' is not loaded: its member {name[:100]!r} lies outside of the archive."
            )


def _read(archive: zipfile.ZipFile, name: str, file: str) -> bytes:
    """The content of a member, whose checksum is verified."""
    info = _described(archive, name, file)
    with _damage_of(name, file), archive.open(info) as member:
        # A member that is longer than it declares is cut off, and fails its checksum.
        content = member.read(info.file_size)
        member.read(1)
        return content


def _described(archive: zipfile.ZipFile, name: str, file: str) -> zipfile.ZipInfo:
    """What the archive says of a member, which is there and not too large."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise CorruptFileError(
            f"'{file}' is no saved model: it has no '{name}', only {archive.namelist()[:5]}."
        ) from None
    if info.file_size > FREE_BYTES + MAX_EXPANSION * info.compress_size:
        raise UnsafeFileError(
            f"'{file}' is not loaded: '{name}' would unpack {info.compress_size:,} bytes to "
            f"{info.file_size:,}."
        )
    return info


@contextlib.contextmanager
def _damage_of(name: str, file: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CorruptFileError(f"'{name}' in '{file}' is damaged: {error}") from error


@contextlib.contextmanager
def _weights_in(
    archive: zipfile.ZipFile, file: str, is_verified: bool = False
) -> Iterator[Hdf5Reader]:
    info = _described(archive, _WEIGHTS, file)
    content: bytes | MemberFile
    if info.compress_type == zipfile.ZIP_STORED:
        with _damage_of(_WEIGHTS, file):
            # Reads the header before the content, and compares it with the directory.
            archive.open(info).close()
            content = MemberFile.of_stored(archive.fp, info, is_verified)
    else:
        content = _read(archive, _WEIGHTS, file)
    with Hdf5Reader(content, f"{file}/{_WEIGHTS}") as reader:
        yield reader
