"""Writes the state of a model into an HDF5 file, and loads it: all of it or nothing."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

import jax
import numpy as np

from deepkit.core.errors import CorruptFileError, DeepkitError, UnsafeFileError
from deepkit.saving._formats._beginnings import begun_anew, build_optimizers, has_begun, has_slots
from deepkit.saving._formats._differences import Difference, report
from deepkit.saving._formats._matching import (
    Match,
    Pair,
    datasets_below,
    is_optimizer,
    match,
)
from deepkit.saving._formats._older._places import ORDERS, older_places
from deepkit.saving._formats._state_reader import StateReader
from deepkit.saving._formats._steps import CLASS_ATTRIBUTE
from deepkit.saving._formats._writer import Hdf5Writer
from deepkit.saving._saveable import OPTIMIZER, Place, Saveable, check_step, join, places_of
from deepkit.tensors import StatelessScope, Variable


@dataclasses.dataclass(frozen=True)
class Group:
    """The own state of one object, as a file holds it.

    Attributes:
        path: the group of its variables.
        attributes: what the file notes of it.
        arrays: variables and arrays, by key.
    """

    path: str
    attributes: dict[str, str]
    arrays: Mapping[str, Any]


def groups_of(model: Saveable, include_optimizer: bool = True) -> Iterator[Group]:
    """The state of a model, under the paths of `places_of`."""
    for place in places_of(model):
        if is_optimizer(place) and not include_optimizer:
            continue
        attributes = {}
        if isinstance(place.saveable.name, str):
            attributes["name"] = place.saveable.name
        if place.is_optional:
            attributes[CLASS_ATTRIBUTE] = type(place.saveable).__name__
        store = WritingStore()
        place.saveable.save_own_variables(store)
        yield Group(place.variables_path, attributes, store.taken)


def write_state(groups: Iterable[Group], writer: Hdf5Writer) -> None:
    """Write the state of a model, or a part of it, into a file."""
    for group in groups:
        writer.group(group.path, **group.attributes)
        for key, value in group.arrays.items():
            writer.array(join(group.path, key), value)


class WritingStore(MutableMapping[str, Any]):
    """Takes the arrays of an object by key. What may change later is copied.

    Attributes:
        taken: variables and arrays, by key.
    """

    def __init__(self) -> None:
        self.taken: dict[str, Any] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        check_step(key)
        self.taken[key] = value if isinstance(value, Variable | jax.Array) else np.array(value)

    def __getitem__(self, key: str) -> np.ndarray:
        return np.asarray(self.taken[key])

    def __delitem__(self, key: str) -> None:
        del self.taken[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.taken)

    def __len__(self) -> int:
        return len(self.taken)


def load_state(
    model: Saveable,
    reader: StateReader,
    hint: str,
    skip_mismatch: bool = False,
    include_optimizer: bool = True,
    objects_to_skip: Any = (),
    root: str = "",
) -> bool:
    """Load the state of a model.

    Args:
        model: the model, built.
        reader: the file.
        hint: what can be done if it does not fit, for the message.
        skip_mismatch: whether what does not fit is left out, with a warning.
        include_optimizer: whether the state of optimizers is loaded.
        objects_to_skip: objects that are left as they are, with all inside them.
        root: the path of the part of the model that is loaded.

    Returns:
        Whether the file has the state of the model's optimizer, and the model no optimizer yet.

    Raises:
        WeightMismatchError: something does not fit; nothing is changed then.
    """
    everything = places_of(model)
    skipped = {id(obj) for obj in objects_to_skip or ()}
    if include_optimizer:
        build_optimizers(everything, lambda path: list(reader.datasets_in(path).values()))
    places = [place for place in everything if place.is_below(root)]

    def is_skipped(place: Place) -> bool:
        return id(place.saveable) in skipped or (is_optimizer(place) and not include_optimizer)

    found = _match_in_some_release(model, places, reader, is_skipped, root)
    without = [
        place
        for place in places
        if is_optimizer(place) and not is_skipped(place) and not datasets_below(place.path, reader)
    ]
    differences = [
        *found.differences,
        *(_no_state(place) for place in without if root or has_begun(place.saveable)),
    ]
    values = []
    if not differences or skip_mismatch:
        values, failed = _loaded(found.pairs, reader, skip_mismatch)
        values.extend(one.read(reader) for one in found.taken)
        values.extend(value for optimizer in found.unbegun for value in begun_anew(optimizer))
        differences.extend(failed)
    report(differences, reader.file, model.name, skip_mismatch, hint)
    for variable, value in values:
        variable.assign(value)
    saved = reader.datasets_in(f"{OPTIMIZER}/vars")
    return getattr(model, OPTIMIZER, None) is None and has_slots(saved.values())


def _match_in_some_release(
    model: Saveable,
    places: list[Place],
    reader: StateReader,
    is_skipped: Callable[[Place], bool],
    root: str,
) -> Match:
    """Match a file by today's paths, or else by those of a release by which all of it fits."""
    found = match(places, reader, is_skipped, root)
    if found.differences and not reader.is_noted:
        for order in ORDERS:
            older_ones = older_places(model, order, reader)
            below = [place for place in older_ones if place.is_below(root)]
            older = match(below, reader, is_skipped, root, is_older=True)
            if not older.differences:
                return older
    return found


def _no_state(place: Place) -> Difference:
    return Difference(
        "missing", f"'{place.path}', the state of the optimizer '{place.saveable.name}'"
    )


def _loaded(
    pairs: list[Pair], reader: StateReader, skip_mismatch: bool
) -> tuple[list[tuple[Variable, Any]], list[Difference]]:
    """The new values of variables, and what failed; no variable is changed yet."""
    values: list[tuple[Variable, Any]] = []
    failed = []
    for pair in pairs:
        try:
            # Inside a scope, what is assigned stays in the scope.
            with StatelessScope() as scope:
                pair.place.saveable.load_own_variables(ReadingStore(reader, pair))
                values.extend((v, scope.get_current_value(v)) for v in scope.written())
        except (CorruptFileError, UnsafeFileError):
            raise
        except Exception as error:
            if not skip_mismatch and not isinstance(error, DeepkitError):
                error.add_note(
                    f"Raised by `load_own_variables` of '{pair.place.saveable.name}' "
                    f"({type(pair.place.saveable).__name__}), at '{pair.place.path}' in "
                    f"'{reader.file}'. No weight was changed."
                )
                raise
            failed.append(Difference("failed", f"'{pair.place.path}': {error}"))
    return values, failed


class ReadingStore(Mapping[str, np.ndarray]):
    """Gives the arrays of a group by key; each is read when it is asked for.

    Args:
        reader: the file.
        pair: the group, and what is to be loaded from it.
    """

    def __init__(self, reader: StateReader, pair: Pair) -> None:
        self._reader, self._saved, self._own = reader, pair.saved, pair.own

    def __getitem__(self, key: str) -> np.ndarray:
        target = getattr(self._own.get(key), "dtype", None)
        return self._reader.read(self._saved[key], target)

    def __iter__(self) -> Iterator[str]:
        return iter(self._saved)

    def __len__(self) -> int:
        return len(self._saved)
