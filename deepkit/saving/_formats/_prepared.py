"""Saves in two parts: what touches the model, and what writes the file, on any thread."""

import pathlib
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from deepkit.core.errors import CorruptFileError
from deepkit.saving._atomic import replacing
from deepkit.saving._formats import _archive, _legacy
from deepkit.saving._formats._checksums import InPlace, workers
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._state import groups_of, write_state
from deepkit.saving._formats._writer import Hdf5Writer, write_content, written_in_memory
from deepkit.saving._json import read_json, write_json
from deepkit.saving._paths import WEIGHTS_ENDING

_NOTES = "deepkit_notes"


def prepare(model: Any, path: pathlib.Path, notes: dict[str, Any]) -> Callable[[], None]:
    """Take all that a file needs from a model, as the model is now.

    Large arrays are not copied here. JAX overwrites no memory that an array of NumPy shows.

    Args:
        model: the model, built.
        path: the file, whose ending says what is written.
        notes: what is kept beside the model for `read_notes`, in what JSON can hold.

    Returns:
        What writes the file. It uses neither the model nor JAX.

    Raises:
        SerializationError: a part of the model cannot be written.
    """

    def finish(writer: Hdf5Writer) -> None:
        if notes:
            writer.text(_NOTES, write_json(notes, "notes"))

    pool = workers()
    if path.suffix == ".keras":
        write_file = _archive.prepare_model(model, path, pool, finish=finish)
    else:
        with written_in_memory(pool) as (writer, content):
            if path.name.endswith(WEIGHTS_ENDING):
                write_state(groups_of(model), writer)
            else:
                _legacy.write_model(model, writer)
            finish(writer)

        def write_file(writers: Executor) -> None:
            with replacing(path) as temporary:
                write_content(temporary, content, writers, str(path))

    def write() -> None:
        with pool:
            write_file(InPlace())

    return write


def read_notes(path: pathlib.Path) -> dict[str, Any]:
    """The notes in a file; empty if it has none.

    Raises:
        CorruptFileError: the file is damaged.
        UnsafeFileError: it asks for something that is not done.
    """
    file = str(path)
    opened = _archive.opened_weights(path) if path.suffix == ".keras" else Hdf5Reader(path, file)
    with opened as reader:
        text = reader.text("", _NOTES)
    notes = {} if text is None else read_json(text, "The notes", file)
    if not isinstance(notes, dict):
        raise CorruptFileError(f"The notes in '{file}' are damaged.")
    return notes
