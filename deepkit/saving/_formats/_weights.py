"""The `.weights.h5` format: the state alone."""

import pathlib
from typing import Any

from deepkit.saving._atomic import replacing
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._state import groups_of, load_state, write_state
from deepkit.saving._formats._writer import written_to
from deepkit.saving._saveable import Saveable


def save_weights(model: Saveable, path: pathlib.Path) -> None:
    """Write the state of a model."""
    with replacing(path) as temporary, written_to(temporary, str(path)) as writer:
        write_state(groups_of(model), writer)


def load_weights(model: Saveable, path: pathlib.Path, **options: Any) -> None:
    """Load the state of a model; for options see `load_state`."""
    with Hdf5Reader(path, str(path)) as reader:
        load_state(model, reader, **options)
