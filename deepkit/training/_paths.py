"""The paths of a model's variables: the names of the layers around them."""

from typing import Any


def paths_in(model: Any) -> dict[int, list[str]]:
    """The paths of all variables of a model, by their identities.

    Args:
        model: the model.

    Returns:
        For each variable its own `path`, which begins where the variable was made, and the names of
        the layers from the model (its own left out) down to the variable.
    """
    found: dict[int, list[str]] = {}
    seen: set[int] = set()

    def visit(layer: Any, prefix: str) -> None:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        for variable in layer.own_variables:
            names = found.setdefault(id(variable), [variable.path])
            names.append(f"{prefix}{variable.name}")
        for sublayer in layer._sublayers():
            visit(sublayer, f"{prefix}{sublayer.name}/")

    visit(model, "")
    return found
