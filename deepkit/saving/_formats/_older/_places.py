"""The paths under which TensorFlow's Keras 2.12 to 2.21 kept the state of layers.

They are attribute paths as today's, but attributes were visited in another order, which decides
where an object that is found twice lies:

- 2.12 and 2.13 went by name, private ones first, and counted an object in a list also where it had
  been met before. Drawn models and chains kept layers in a dict with a name of its own, those with
  weights twice.
- 2.14 did not count what had been met before.
- From 2.15 on names went backwards, and that dict was left out.

The layers of cuDNN, which are `LSTM` and `GRU` today, had no cell: the weights were their own.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from deepkit.core.naming import to_snake_case
from deepkit.saving._formats._state_reader import StateReader
from deepkit.saving._saveable import Place, Saveable, class_step, join, numbered

_DEPENDENCIES = "_layer_checkpoint_dependencies"
_OF_CUDNN = {"LSTM": "CuDNNLSTM", "GRU": "CuDNNGRU"}
_CELL = "cell"


@dataclasses.dataclass(frozen=True)
class Order:
    """How a release visited what a model has.

    Attributes:
        is_backwards: whether attributes were visited from the last name to the first.
        counts_again: whether an object that was met before counted in the names of a container.
    """

    is_backwards: bool
    counts_again: bool


ORDERS = (Order(True, False), Order(False, False), Order(False, True))


def older_places(root: Saveable, order: Order, reader: StateReader) -> list[Place]:
    """All saveables from a root on, each once, under the path that an older release gave it."""
    return list(_visit(root, "", order, reader, set()))


def _visit(
    saveable: Any, path: str, order: Order, reader: StateReader, seen: set[int]
) -> Iterator[Place]:
    if id(saveable) in seen:
        return
    seen.add(id(saveable))
    if _is_of_cudnn(saveable, path, reader):
        yield from (Place(path, saveable.cell), Place(join(path, _CELL), saveable))
        return
    yield Place(path, saveable)
    children = {_name_in(reader, path, k): v for k, v in saveable.saveable_children().items()}
    for name in sorted(children, reverse=order.is_backwards):
        value, inner = children[name], join(path, name)
        if isinstance(value, Saveable):
            yield from _visit(value, inner, order, reader, seen)
        elif isinstance(value, list | tuple | dict):
            parts = list(value.values() if isinstance(value, dict) else value)
            if name == _DEPENDENCIES:
                parts = list(_twice(parts))
            yield from _visit_container(parts, inner, order, reader, seen)


def _is_of_cudnn(saveable: Any, path: str, reader: StateReader) -> bool:
    """Whether the weights of a recurrent layer are where only cuDNN's layers had them."""
    is_recurrent = type(saveable).__name__ in _OF_CUDNN and hasattr(saveable, _CELL)
    has_own = bool(reader.datasets_in(join(path, "vars")))
    return is_recurrent and has_own and join(path, _CELL) not in reader.groups


def _step_in(reader: StateReader, path: str, saveable: Any) -> str:
    """What a container calls an object; only where it has none of the plain class, by cuDNN's."""
    step = class_step(saveable)
    older = _OF_CUDNN.get(type(saveable).__name__)
    if older is None or join(path, step) in reader.groups:
        return step
    older_step = to_snake_case(older)
    return older_step if join(path, older_step) in reader.groups else step


def _name_in(reader: StateReader, path: str, attribute: str) -> str:
    """The name of an attribute in the file; some were private then."""
    names = [attribute, f"_{attribute}"]
    if attribute == "layers":
        names.insert(0, _DEPENDENCIES)
    return next((name for name in names if join(path, name) in reader.groups), attribute)


def _twice(layers: Iterable[Any]) -> Iterator[Any]:
    for layer in layers:
        yield layer
        if layer.weights:
            yield layer


def _visit_container(
    parts: list[Any], path: str, order: Order, reader: StateReader, seen: set[int]
) -> Iterator[Place]:
    counts: dict[str, int] = {}
    for value in parts:
        if not isinstance(value, Saveable) or (id(value) in seen and not order.counts_again):
            continue
        inner = join(path, numbered(_step_in(reader, path, value), counts))
        yield from _visit(value, inner, order, reader, seen)
