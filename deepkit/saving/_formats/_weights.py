"""The `.weights.h5` format: the state alone."""

import pathlib
from typing import Any

from deepkit.core.errors import ArgumentError
from deepkit.saving._atomic import replacing
from deepkit.saving._formats._legacy import load_weights as load_layers
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._state import groups_of, load_state, write_state
from deepkit.saving._formats._writer import written_to
from deepkit.saving._saveable import Saveable


def save_weights(model: Saveable, path: pathlib.Path) -> None:
    """Write the state of a model."""
    with replacing(path) as temporary, written_to(temporary, str(path)) as writer:
        write_state(groups_of(model), writer)


def load_weights(model: Saveable, path: pathlib.Path, **options: Any) -> bool:
    """Load the state of a model; for options see `load_state`.

    Before 2.12, Keras wrote weights layer by layer, whatever the name of the file.

    Raises:
        ArgumentError: objects are to be skipped in such a file.
    """
    with Hdf5Reader(path, str(path)) as reader:
        if not reader.texts("", "layer_names"):
            return load_state(model, reader, **options)
    if options.pop("objects_to_skip", None):
        raise ArgumentError(
            f"'{path}' has weights layer by layer, as Keras wrote them before 2.12: expected no "
            f"`objects_to_skip`. Give it the ending `.h5` and pass `by_name=True` to load the "
            f"layers of equal names."
        )
    return load_layers(model, path, **options)
