"""The `.keras` format: two JSON texts, an HDF5 file and assets, in a zip archive or a folder."""

import contextlib
import datetime
import os
import pathlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

from deepkit.core import registry, serialization
from deepkit.core.errors import CorruptFileError
from deepkit.saving._atomic import replacing, replacing_folder, sync_folder
from deepkit.saving._formats._assets import assets_of, load_assets
from deepkit.saving._formats._checksums import Piece, joined, workers
from deepkit.saving._formats._manifest import stamp
from deepkit.saving._formats._member_names import CONFIG, METADATA, NOTED, WEIGHTS
from deepkit.saving._formats._members import opened, read_description
from deepkit.saving._formats._model import (
    KERAS_VERSION,
    LOADING_HINT,
    checked_model,
    is_older_version,
)
from deepkit.saving._formats._older._loss_scales import scale_loss_as_before
from deepkit.saving._formats._older._optimizers import is_known, warn_of_no_state, warn_of_unknown
from deepkit.saving._formats._older_configs import modern_config
from deepkit.saving._formats._output import write_pieces
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._scattered_file import ScatteredFile
from deepkit.saving._formats._state import groups_of, load_state, write_state
from deepkit.saving._formats._writer import Hdf5Writer, written_in_memory
from deepkit.saving._formats._zip import archive_of
from deepkit.saving._json import write_json
from deepkit.saving._saveable import Saveable


def save_model(
    model: Saveable, path: pathlib.Path, include_optimizer: bool = True, zipped: bool = True
) -> None:
    """Write architecture, compile arguments, state and assets."""
    with workers() as pool:
        prepare_model(model, path, pool, include_optimizer, zipped)(pool)


def prepare_model(
    model: Saveable,
    path: pathlib.Path,
    pool: Executor,
    include_optimizer: bool = True,
    zipped: bool = True,
    finish: Callable[[Hdf5Writer], None] = lambda writer: None,
) -> Callable[[Executor], None]:
    """What writes the file, without the model; takes the threads to do it with.

    Args:
        model: the model.
        path: the file.
        pool: threads that take checksums.
        include_optimizer: whether compile arguments and optimizer state are written.
        zipped: whether it is an archive, and not a folder.
        finish: called when the state is written.
    """
    date = datetime.datetime.now()
    config = _config(model, include_optimizer)
    assets = assets_of(model)
    with written_in_memory(pool) as (writer, weights):
        write_state(groups_of(model, include_optimizer), writer)
        finish(writer)

    def write(pool: Executor) -> None:
        members = {CONFIG: [Piece(config.encode())], WEIGHTS: weights.pieces(), **assets}
        with (replacing if zipped else replacing_folder)(path) as temporary:
            if zipped:
                archive = archive_of({METADATA: _metadata(date, {}), **members}, date)
                write_pieces(temporary, archive, pool, str(path))
            else:
                members[METADATA] = _metadata(date, members)
                _write_folder(temporary, members, pool, str(path))
            _verify(temporary, str(path), weights)

    return write


def _config(model: Saveable, include_optimizer: bool) -> str:
    with serialization.sharing_scope():
        config = serialization.serialize_keras_object(model)
    if not include_optimizer:
        config.pop("compile_config", None)
    return write_json(config, "config of the model")


def _metadata(date: datetime.datetime, members: Mapping[str, list[Piece]]) -> list[Piece]:
    """Who wrote a model, and in a folder, of what files."""
    noted = {
        name: {
            "bytes": sum(piece.size for piece in pieces),
            "crc32": joined((piece.size, piece.checksum) for piece in pieces),
        }
        for name, pieces in members.items()
    }
    metadata = {
        "keras_version": KERAS_VERSION,
        "date_saved": date.strftime("%Y-%m-%d@%H:%M:%S"),
        **stamp(),
        **({NOTED: noted} if noted else {}),
    }
    return [Piece(write_json(metadata, "metadata").encode())]


def _write_folder(
    folder: pathlib.Path, members: Mapping[str, list[Piece]], pool: Executor, file: str
) -> None:
    for name, pieces in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
        write_pieces(path, pieces, pool, file)
    for root, _, _ in os.walk(folder, topdown=False):
        sync_folder(pathlib.Path(root))


def _verify(path: pathlib.Path, file: str, weights: ScatteredFile) -> None:
    """Open what was written, as loading does. That all bytes are there has been seen before."""
    with opened(path, file) as members:
        for name in members.names:
            if name != WEIGHTS:
                members.read(name)
        with members.weights(is_verified=True) as reader:
            reader.verify(weights.places())


def load_model(
    path: pathlib.Path, custom_objects: Any, compile: bool, safe_mode: bool | None
) -> Any:
    """Make the model that a file describes, with its state."""
    file = str(path)
    with opened(path, file) as members:
        metadata, config = read_description(members)
        if not isinstance(config, dict):
            raise CorruptFileError(f"{CONFIG} in '{file}' describes no model.")
        version = metadata.get("keras_version")
        note = f"While loading '{file}'."
        with serialization.without_compile(not compile), serialization.refusing(note):
            with registry.optional_scope(custom_objects):
                config = modern_config(config, version)
            made = serialization.deserialize_keras_object(config, custom_objects, safe_mode)
        model = checked_model(made, file)
        with members.weights() as reader:
            if compile and is_older_version(version):
                scale_loss_as_before(model, config, reader)
            knows = compile and _knows_optimizer(model, config, version, reader)
            load_state(model, reader, LOADING_HINT, include_optimizer=knows)
        load_assets(model, members)
    return model


def _knows_optimizer(model: Any, config: dict[str, Any], version: Any, reader: Hdf5Reader) -> bool:
    """Whether the optimizer whose state the file has is known; warns if it is not."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return True
    if not reader.datasets_in("optimizer/vars"):
        if is_older_version(version):
            warn_of_no_state(reader.file)
        return True
    if "optimizer" not in config.get("compile_config", {"optimizer": None}):
        warnings.warn(
            f"'{reader.file}' has the state of an optimizer and does not say which one it is of: "
            f"Keras 3 forgets it when it has written the model as `.h5` before. The state was not "
            f"loaded, and the model is compiled with '{optimizer.name}'. Call `compile` with the "
            f"right optimizer, and `load_weights` with this file.",
            stacklevel=2,
        )
        return False
    if is_older_version(version) and not is_known(optimizer):
        warn_of_unknown(optimizer, reader.file)
        return False
    return True


def load_weights(model: Saveable, path: pathlib.Path, **options: Any) -> bool:
    """Load the state of a model; for options see `load_state`."""
    with opened_weights(path) as reader:
        return load_state(model, reader, **options)


@contextlib.contextmanager
def opened_weights(path: pathlib.Path) -> Iterator[Hdf5Reader]:
    """The HDF5 file in an archive or folder."""
    with opened(path, str(path)) as members, members.weights() as reader:
        yield reader
