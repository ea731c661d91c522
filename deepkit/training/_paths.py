"""The paths of a model's variables: the names of the layers around them."""

from collections.abc import Iterator
from typing import Any


def paths_in(model: Any) -> dict[int, list[str]]:
    """The paths of all variables of a model, by their identities.

    Args:
        model: the model.

    Returns:
        For each variable its own `path`, which begins where the variable was made; the names of the
        layers from the model (its own left out) down to the variable; and, where it is another one,
        this path with the attributes that hold the layers in the place of their names.
    """
    found: dict[int, list[str]] = {}
    seen: set[int] = set()

    def visit(layer: Any, by_name: str, by_attribute: str) -> None:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        for variable in layer.own_variables:
            paths = (variable.path, by_name + variable.name, by_attribute + variable.name)
            known = found.setdefault(id(variable), [])
            known.extend(path for path in dict.fromkeys(paths) if path not in known)
        attributes = dict(_attributes_of(layer))
        for sublayer in layer._sublayers():
            step = attributes.get(id(sublayer), sublayer.name)
            visit(sublayer, f"{by_name}{sublayer.name}/", f"{by_attribute}{step}/")

    visit(model, "", "")
    return found


def _attributes_of(layer: Any) -> Iterator[tuple[int, str]]:
    """The identities of what public attributes hold, and where: `blocks/0` in a list."""
    for name, value in layer.state_attributes().items():
        if not name.startswith("_"):
            yield from _places(name, value)


def _places(name: str, value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, list | tuple | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(f"{name}/{key}", item)
    else:
        yield id(value), name
