"""The safetensors format: weights alone, by keys that other tools can read."""

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np

from deepkit._version import __version__
from deepkit.core.errors import SerializationError
from deepkit.saving._atomic import replacing
from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._grouping import groups_around
from deepkit.saving._formats._manifest import PATH as MANIFEST
from deepkit.saving._formats._manifest import Manifest, checksum
from deepkit.saving._formats._matching import loads_by_order, own_state
from deepkit.saving._formats._safetensors_header import ArrayInfo, can_hold, write_arrays
from deepkit.saving._formats._safetensors_keys import names_of, prefix_of
from deepkit.saving._formats._safetensors_reader import (
    FORMAT,
    NAMES,
    PATHS,
    SafetensorsReader,
    manifest_text,
)
from deepkit.saving._formats._state import load_state
from deepkit.saving._saveable import Place, Saveable, own_variables, places_of

_HINT = " If another library wrote the file, `model.load_weights_from(path, rename=...)` loads it."


def save_weights(model: Saveable, path: pathlib.Path) -> None:
    """Write the weights of a model; not the states of its optimizer and seeds."""
    content = WeightsContent(type(model).__name__)
    # The variable is kept, so that no other one can get its identity.
    written: dict[int, tuple[Any, str]] = {}
    for place in places_of(model):
        if place.is_optional:
            continue
        own = own_variables(place.saveable)
        if own and isinstance(place.saveable.name, str):
            content.names[place.variables_path] = place.saveable.name
        for key, name in names_of(place.saveable, own).items():
            full, value = f"{prefix_of(place)}{name}", own[key]
            content.paths[full] = f"{place.variables_path}/{key}"
            if id(value) in written:
                content.aliases[full] = written[id(value)][1]
                continue
            content.arrays[full] = _dtypes.to_array(value, full)
            if hasattr(value, "assign"):
                written[id(value)] = (value, full)
    write_content(content, path)


@dataclasses.dataclass
class WeightsContent:
    """What a file is to hold.

    Attributes:
        class_name: the class of the model, if it is known.
        arrays: the arrays, by key.
        aliases: keys of shared variables, and the key under which each is stored.
        names: the names of the objects whose variables they are, by path.
        paths: the paths that arrays have in `.weights.h5` files, by key.
    """

    class_name: str | None
    arrays: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    aliases: dict[str, str] = dataclasses.field(default_factory=dict)
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    paths: dict[str, str] = dataclasses.field(default_factory=dict)


def write_content(content: WeightsContent, path: pathlib.Path) -> None:
    """Write a file and verify it.

    Raises:
        SerializationError: the format has no such dtype.
    """
    arrays = {key: _contiguous(array, key) for key, array in content.arrays.items()}
    manifest = Manifest()
    for key, array in arrays.items():
        manifest.note(key, array, checksum(array))
    places = {
        **content.aliases,
        NAMES: json.dumps(content.names),
        PATHS: json.dumps(content.paths),
    }
    for name, text in places.items():
        manifest.note_text(name, text)
    metadata = {
        **places,
        "format": FORMAT,
        "deepkit_version": __version__,
        **({} if content.class_name is None else {"class_name": content.class_name}),
        MANIFEST: manifest_text(manifest),
    }
    with replacing(path) as temporary:
        with temporary.open("wb") as stream:
            write_arrays(stream, arrays, metadata)
        with SafetensorsReader(temporary, str(path)) as reader:
            reader.verify()


def load_weights(model: Saveable, path: pathlib.Path, hint: str, **options: Any) -> None:
    """Load the weights of a model; for options see `load_state`."""
    with SafetensorsReader(path, str(path)) as reader:
        # No file of this format has the state of an optimizer.
        without = {**options, "include_optimizer": False}
        load_state(model, ReaderByPlace(reader, model), hint=hint + _HINT, **without)


class ReaderByPlace:
    """A safetensors file as `match` and `load_state` see files: by the places of a model.

    Args:
        reader: the file.
        model: the model, built.
    """

    def __init__(self, reader: SafetensorsReader, model: Saveable) -> None:
        self._reader = reader
        self.file, self.datasets, self.read = reader.file, dict(reader.datasets), reader.read
        self.groups: dict[str, Any] = {}
        self._names = reader.names()
        aliases = {key: reader.datasets[stored] for key, stored in reader.aliases().items()}
        self._all = {**aliases, **reader.datasets}
        self._keys = {path: key for key, path in reader.paths().items()}
        self._found = {place.variables_path: self._of(place) for place in places_of(model)}

    def _of(self, place: Place) -> dict[str, ArrayInfo]:
        """What the file has for a place, by the keys under which the object knows it."""
        prefix = prefix_of(place)
        if place.is_optional:
            return {}
        if not loads_by_order(place.saveable):
            inner = {
                k.removeprefix(prefix): v for k, v in self._all.items() if k.startswith(prefix)
            }
            return {key: info for key, info in inner.items() if "." not in key}
        names = names_of(place.saveable, own_state(place.saveable) or {})
        found = {}
        for key, name in names.items():
            noted = self._keys.get(f"{place.variables_path}/{key}")
            for candidate in (f"{prefix}{name}", noted):
                if candidate in self._all:
                    found[key] = self._all[candidate]
                    break
        return found

    @property
    def is_noted(self) -> bool:
        """Whether its writer has noted what it should hold."""
        return self._reader.is_noted

    def datasets_in(self, path: str) -> dict[str, ArrayInfo]:
        """The arrays of the place whose variables are at a path."""
        return self._found.get(path, {})

    def filled_groups(self) -> set[str]:
        """The paths of all objects for which there are arrays."""
        return groups_around(path for path, found in self._found.items() if found)

    def text(self, path: str, name: str) -> str | None:
        """The name of the object whose variables are at a path."""
        return self._names.get(path) if name == "name" else None


def _contiguous(array: np.ndarray, key: str) -> np.ndarray:
    if not can_hold(array.dtype):
        raise SerializationError(
            f"A safetensors file cannot hold '{key}' of dtype {array.dtype}. Save to `.weights.h5`."
        )
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return np.ascontiguousarray(little).reshape(array.shape)
