"""The state of a model as nested dicts of arrays, for writers that keep such."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._beginnings import build_optimizers
from deepkit.saving._formats._differences import Difference, report
from deepkit.saving._formats._matching import is_optimizer
from deepkit.saving._formats._state import groups_of
from deepkit.saving._saveable import Saveable, places_of
from deepkit.tensors import StatelessScope, Variable


def state_tree(model: Saveable, include_optimizer: bool = True) -> dict[str, Any]:
    """The state of a model under the steps of the paths that files have; no empty arrays.

    Large arrays are not copied. JAX overwrites no memory that an array of NumPy shows.
    """
    tree: dict[str, Any] = {}
    for path, value in _own_values(model, include_optimizer).items():
        array = _dtypes.to_array(value, path)
        *steps, last = path.split("/")
        inner = tree
        for step in steps:
            inner = inner.setdefault(step, {})
        if array.size:
            inner[last] = array
    return tree


def load_state_tree(
    model: Saveable, tree: Mapping[str, Any], source: str, hint: str, include_optimizer: bool = True
) -> None:
    """Load what `state_tree` returned: all of it or nothing.

    Args:
        model: the model, built.
        tree: the state.
        source: where it is from, for messages.
        hint: what can be done if it does not fit, for the message.
        include_optimizer: whether the state of optimizers is loaded.

    Raises:
        WeightMismatchError: something does not fit.
    """
    saved = _flat(tree)
    places = places_of(model)
    if include_optimizer:
        build_optimizers(places, lambda group: [a for p, a in saved.items() if _is_below(p, group)])
    else:
        optimizers = [place.path for place in places if is_optimizer(place)]
        places = [place for place in places if not is_optimizer(place)]
        saved = {p: a for p, a in saved.items() if not any(_is_below(p, o) for o in optimizers)}
    own = _own_values(model, include_optimizer)
    report(_differences(saved, own), source, model.name, False, hint)
    values: list[tuple[Variable, Any]] = []
    for place in places:
        prefix = f"{place.variables_path}/"
        store = {p[len(prefix) :]: v for p, v in own.items() if p.startswith(prefix)}
        store.update({p[len(prefix) :]: v for p, v in saved.items() if p.startswith(prefix)})
        # Inside a scope, what is assigned stays in the scope.
        with StatelessScope() as scope:
            place.saveable.load_own_variables(store)
            values.extend((v, scope.get_current_value(v)) for v in scope.written())
    for variable, value in values:
        variable.assign(value)


def _own_values(model: Saveable, include_optimizer: bool) -> dict[str, Any]:
    groups = groups_of(model, include_optimizer)
    return {f"{group.path}/{key}": value for group in groups for key, value in group.arrays.items()}


def _differences(saved: Mapping[str, Any], own: Mapping[str, Any]) -> list[Difference]:
    found = []
    for path, value in own.items():
        shape = tuple(np.shape(value))
        if path not in saved:
            if 0 not in shape:
                found.append(Difference("missing", f"'{path}' {shape}"))
        elif saved[path].shape != shape:
            text = f"'{path}' has shape {saved[path].shape} in the file, and {shape} in the model"
            found.append(Difference("differs", text))
    unused = [path for path in saved if path not in own]
    return [*found, *(Difference("unused", f"'{path}' {saved[path].shape}") for path in unused)]


def _flat(tree: Mapping[str, Any], path: str = "") -> dict[str, np.ndarray]:
    found = {}
    for key, value in tree.items():
        inner = f"{path}/{key}" if path else key
        found.update(_flat(value, inner) if isinstance(value, Mapping) else {inner: value})
    return found


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
