"""The objects of a model by all names under which other libraries may know them."""

from collections.abc import Iterable, Iterator
from typing import Any

from deepkit.saving._foreign._layouts import Layout, Rule, Way, provided_layout
from deepkit.saving._formats._matching import is_automatic, own_state
from deepkit.saving._formats._safetensors_keys import names_of
from deepkit.saving._saveable import Saveable, places_of

# A layer that is used all over a model is known by the first of its paths.
_MOST_PATHS = 8


class Target:
    """An object with variables of its own.

    Args:
        path: the path under which messages name it.
        saveable: the object.
        layout: how its weights are laid out where they come from.
    """

    def __init__(self, path: str, saveable: Any, layout: Layout) -> None:
        self.path, self.saveable, self.layout = path, saveable, layout
        self.sources = {s for rule in layout.rules for way in rule.ways for s in way.sources}

    def takes(self, name: str) -> bool:
        """Whether it knows an array by a name."""
        return name in self.sources or name in self.layout.ignored


class Targets:
    """All objects of a model that take weights.

    Args:
        model: the model.
        layout: the name of the library whose weights they take; `None` for deepkit's own.

    Raises:
        UnknownNameError: there is no layout of this name.
    """

    def __init__(self, model: Any, layout: str | None) -> None:
        layout_of = _own_layout if layout is None else provided_layout(layout)
        self.all: list[Target] = []
        covered: list[str] = []
        for place in places_of(model):
            if place.is_optional or any(place.is_below(path) for path in covered):
                continue
            found = layout_of(place.saveable) or _own_layout(place.saveable)
            if found.covers_inner:
                covered.append(place.path)
            if found.rules:
                self.all.append(Target(place.path.replace("/", "."), place.saveable, found))
        self._by_name: dict[Any, Target] = {target.saveable.name: target for target in self.all}
        self._by_path = self._named(model)

    def _named(self, model: Any) -> dict[str, Target]:
        by_identity = {id(target.saveable): target for target in self.all}
        names = [target.saveable.name for target in self.all]
        found = {
            target.saveable.name: target
            for target in self.all
            if isinstance(target.saveable.name, str) and names.count(target.saveable.name) == 1
        }
        for path, saveable in _all_paths(model):
            if id(saveable) in by_identity:
                found[path] = by_identity[id(saveable)]
        return {**found, **{target.path: target for target in self.all}}

    def find(self, name: str) -> tuple[Target, str] | None:
        """The object that an array belongs to, and the array's name within it."""
        steps = name.split(".")
        for count in range(len(steps) - 1, -1, -1):
            target = self._by_path.get(".".join(steps[:count]))
            inner = ".".join(steps[count:])
            if target is not None and target.takes(inner):
                return target, inner
        return None

    def moved(self, target: Target, owners: Iterable[str | None]) -> str | None:
        """Why an object must not take arrays that the file notes as those of other objects.

        Automatic names say nothing: they are shifted whenever other models were made before.
        """
        for owner in owners:
            home = None if owner is None else self._by_name.get(owner)
            if (
                owner is None
                or home is None
                or home is target
                or is_automatic(owner, home.saveable)
            ):
                continue
            return f"it is that of '{owner}', which is '{home.path}' in the model"
        return None


def _all_paths(root: Any) -> Iterator[tuple[str, Any]]:
    """Objects by attributes, and by numbers and keys within lists and dicts, as PyTorch does."""
    counts: dict[int, int] = {}
    waiting: list[tuple[tuple[str, ...], Any]] = [((), root)]
    while waiting:
        steps, value = waiting.pop(0)
        counts[id(value)] = counts.get(id(value), 0) + 1
        if counts[id(value)] > _MOST_PATHS:
            continue
        if isinstance(value, Saveable):
            yield ".".join(steps), value
            children = dict(value.saveable_children())
        elif isinstance(value, dict):
            children = value
        elif isinstance(value, list | tuple):
            children = dict(enumerate(value))
        else:
            continue
        waiting.extend(((*steps, str(key)), child) for key, child in children.items())


def _own_layout(saveable: Any) -> Layout:
    """Each variable under its name."""
    own = {k: v for k, v in (own_state(saveable) or {}).items() if hasattr(v, "assign")}
    names = names_of(saveable, own)
    return Layout([Rule(variable, (Way((names[key],)),)) for key, variable in own.items()])
