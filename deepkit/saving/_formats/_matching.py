"""Pairs the state in a file with the state of a model, by path, before anything is read."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deepkit.core import naming
from deepkit.saving._formats._beginnings import has_slots
from deepkit.saving._formats._differences import Difference, compare
from deepkit.saving._formats._older._cudnn import cudnn_layouts
from deepkit.saving._formats._older._layouts import OlderLayout
from deepkit.saving._formats._older._optimizers import has_no_slots, is_known, take_state
from deepkit.saving._formats._state_reader import SavedArray, StateReader
from deepkit.saving._formats._steps import CLASS_ATTRIBUTE, OLD_SEEDS, RUN, is_of_optimizer
from deepkit.saving._formats._taken import Taken, fitting
from deepkit.saving._saveable import Place, own_variables
from deepkit.tensors import SeedGenerator, Variable

# An optimizer that was not built has no more than its iterations and learning rate, and again so
# many for one that it wraps.
_UNBUILT_OPTIMIZER = 4


@dataclasses.dataclass(frozen=True)
class Pair:
    """An object and what a file has for it.

    Attributes:
        place: the object.
        saved: the arrays in the file, by key.
        own: what the object has for them, by key; empty if it loads in a way of its own.
    """

    place: Place
    saved: dict[str, SavedArray]
    own: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Match:
    """How a file and a model fit.

    Attributes:
        pairs: what can be loaded.
        taken: what older Keras kept in another order or layout.
        unbegun: optimizers that had not begun when the file was written.
        differences: what does not fit.
    """

    pairs: list[Pair]
    taken: list[Taken]
    unbegun: list[Any]
    differences: list[Difference]


def match(
    places: Iterable[Place],
    reader: StateReader,
    is_skipped: Callable[[Place], bool],
    root: str = "",
    is_older: bool = False,
) -> Match:
    """Pair the places of a model with the groups of a file.

    Args:
        places: all places of the model at or below the root.
        reader: the file.
        is_skipped: whether a place is left alone; what the file has for it is, too.
        root: the path of the part of the file that is meant.
        is_older: whether the places are those of an older release, whose layouts are known, too.
    """
    places = list(places)
    skipped = [place for place in places if is_skipped(place)]
    left = [place for place in places if not any(place.is_below(s.path) for s in skipped)]
    pairs, taken, unbegun, differences = [], [], [], list(_moved(left, reader))
    layouts = _older_layouts(left, reader) if is_older else {}
    accounted: set[str] = set()
    for place in left:
        saved = reader.datasets_in(place.variables_path)
        accounted.update(info.path for info in saved.values())
        if place.is_optional and not saved:
            continue
        if _is_of_unbuilt_optimizer(place, saved):
            unbegun.append(place.saveable)
            continue
        own = own_state(place.saveable)
        found = list(_differences_at(place, saved, own, reader)) if own is not None else []
        older = _older_state(place, saved, reader, layouts) if found else []
        if older:
            taken.extend(older)
            continue
        differences.extend(found)
        if not found and (saved or own is None):
            pairs.append(Pair(place, saved, own or {}))
    for path in datasets_below(root, reader):
        known = path in accounted or any(path.startswith(f"{s.path}/") for s in skipped)
        if not known and not _is_optional_in_file(path, reader):
            differences.append(Difference("unused", f"'{path}' {reader.datasets[path].shape}"))
    return Match(pairs, taken, unbegun, differences)


def datasets_below(root: str, reader: StateReader) -> list[str]:
    """The paths of all datasets in a group or further in."""
    return [path for path in reader.datasets if not root or path.startswith(f"{root}/")]


def is_optimizer(place: Place) -> bool:
    """Whether a place is that of an optimizer."""
    return place.is_optional and not isinstance(place.saveable, SeedGenerator)


def _older_layouts(places: Iterable[Place], reader: StateReader) -> dict[int, OlderLayout]:
    """How weights lie that are not laid out as today, by the variables' ids."""
    found: dict[int, OlderLayout] = {}
    for place in places:
        own, saved = own_state(place.saveable) or {}, reader.datasets_in(place.variables_path)
        if own.keys() == saved.keys() and all(isinstance(v, Variable) for v in own.values()):
            found.update(cudnn_layouts(list(own.values()), [saved[key] for key in own]))
    return found


def _older_state(
    place: Place,
    saved: dict[str, SavedArray],
    reader: StateReader,
    layouts: Mapping[int, OlderLayout],
) -> list[Taken]:
    """The weights of a layer, or the state of an optimizer, of TensorFlow's Keras, if they fit."""
    own = own_state(place.saveable) or {}
    if own and all(id(variable) in layouts for variable in own.values()):
        return fitting([Taken(v, [saved[k]], layout=layouts[id(v)]) for k, v in own.items()])[0]
    optimizer = place.saveable
    numbered = [str(index) for index in range(len(saved))]
    is_of_another = reader.text(place.variables_path, CLASS_ATTRIBUTE) is not None
    if is_of_another or not is_optimizer(place) or not is_known(optimizer):
        return []
    if set(saved) != set(numbered) or (len(saved) > 1 and saved["1"].shape == ()):
        # A second scalar is the learning rate, which Keras 3 keeps.
        return []
    arrays = [saved[key] for key in numbered]
    return take_state(optimizer, arrays, reader.file, grouped=False, layouts=layouts)[0]


def loads_by_order(saveable: Any) -> bool:
    """Whether the user left it to deepkit how an object writes and reads its state."""
    return type(saveable).load_own_variables.__module__.startswith("deepkit.")


def own_state(saveable: Any) -> dict[str, Any] | None:
    """What a file must have for an object; unknown if the user wrote how it is loaded."""
    return own_variables(saveable) if loads_by_order(saveable) else None


def _differences_at(
    place: Place, saved: dict[str, SavedArray], own: dict[str, Any], reader: StateReader
) -> Iterator[Difference]:
    saveable = place.saveable
    saved_class = reader.text(place.variables_path, CLASS_ATTRIBUTE)
    if is_optimizer(place) and saved_class not in (None, type(saveable).__name__):
        yield Difference(
            "differs",
            f"'{place.path}' is the state of {saved_class} in the file, and of "
            f"{type(saveable).__name__} in the model",
        )
        return
    if saved and not own and not getattr(saveable, "built", True):
        yield Difference(
            "differs",
            f"'{place.path}' has {len(saved)} arrays in the file, but '{saveable.name}' of the "
            f"model was never built: make its weights in `build`, or call it on data",
        )
        return
    for key, value in own.items():
        path = f"{place.variables_path}/{key}"
        if key not in saved:
            shape = tuple(getattr(value, "shape", ()))
            yield Difference("missing", f"'{getattr(value, 'path', path)}' {shape}, as '{path}'")
        else:
            difference = compare(saved[key], value, path)
            if difference is not None:
                yield difference
    for key, info in saved.items():
        if key not in own:
            yield Difference("unused", f"'{info.path}' {info.shape}")


def _is_of_unbuilt_optimizer(place: Place, saved: dict[str, SavedArray]) -> bool:
    """Whether a file has the state of an optimizer that had not begun: there is nothing to load."""
    if not is_optimizer(place) or len(saved) > _UNBUILT_OPTIMIZER:
        return False
    if len(saved) == 1 and has_no_slots(place.saveable):
        # TensorFlow's Keras kept the number of steps alone.
        return False
    own = own_state(place.saveable) or {}
    return len(saved) < len(own) and not has_slots(saved.values())


def _is_optional_in_file(path: str, reader: StateReader) -> bool:
    """Whether a model may lack what a file has at a path: seeds, optimizers, metrics, a run."""
    group, _, _ = path.rpartition("/")
    if path.startswith(f"{RUN}/") or reader.text(group, CLASS_ATTRIBUTE) is not None:
        return True
    return any(s in ("metrics", OLD_SEEDS) or is_of_optimizer(s) for s in path.split("/"))


def _moved(places: list[Place], reader: StateReader) -> Iterator[Difference]:
    """Layers whose names say that they have changed places with others of the same class.

    Automatic names count only where all of them are the same, in another order: after other models
    were made, they are shifted without a meaning.
    """
    filled = reader.filled_groups()
    siblings: dict[str, list[tuple[Place, str]]] = {}
    for place in places:
        name = reader.text(place.variables_path, "name")
        if name is not None and not place.is_optional and place.path in filled:
            stem = re.sub(r"_\d+$", "", place.path)
            siblings.setdefault(stem, []).append((place, name))
    for group in siblings.values():
        homes = {place.saveable.name: place for place, _ in group}
        permuted = set(homes) == {name for _, name in group}
        for place, name in group:
            home = homes.get(name)
            if home is None or home is place:
                continue
            if permuted or not is_automatic(name, place.saveable):
                yield Difference(
                    "differs",
                    f"'{place.path}' is '{name}' in the file and '{place.saveable.name}' in the "
                    f"model, whose '{name}' is '{home.path}'",
                )


def is_automatic(name: str, saveable: Any) -> bool:
    """Whether an object has its name from its class, and not from the user."""
    prefix = naming.to_snake_case(type(saveable).__name__)
    return re.fullmatch(rf"{re.escape(prefix)}(_\d+)?", name) is not None
