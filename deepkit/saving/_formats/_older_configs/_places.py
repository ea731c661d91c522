"""Places of tensors in drawn models: `[layer, call, output]`, as older Keras wrote them."""

from collections.abc import Callable, Iterable
from typing import Any

CONSTANT = "_CONSTANT_VALUE"
_HOLDERS = ("inbound_nodes", "input_layers", "output_layers")

Place = list[Any]


def is_place(value: Any) -> bool:
    """Whether a value is `[layer, call, output]`, or that with the arguments of a call."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and (len(value) == 3 or isinstance(value[3], dict))
    )


def places_in(value: Any) -> Iterable[Place]:
    """All places in the nodes of a layer, those among the arguments too."""
    if is_place(value):
        yield value
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from places_in(item)


def outer_places(value: Any) -> Iterable[Place]:
    """The places in a node that are its first argument."""
    if is_place(value):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from outer_places(item)


def with_places(value: Any, change: Callable[[Place], Place], is_inside: bool = False) -> Any:
    """The config of a drawn model with other places; that of its layers is left alone."""
    if is_inside and is_place(value) and value[0] != CONSTANT:
        name, call, index, *rest = value
        return [*change([name, call, index]), *(with_places(r, change, True) for r in rest)]
    if isinstance(value, list):
        return [with_places(item, change, is_inside) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item if key == "config" else with_places(item, change, is_inside or key in _HOLDERS)
        for key, item in value.items()
    }


def tensor(name: str, call: int = 0, index: int = 0) -> dict[str, Any]:
    """A place as it is written today."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, call, index]}}


def names_in(value: Any) -> Iterable[str]:
    """The layers whose tensors are in a call, as it is written today."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"][0]
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)
