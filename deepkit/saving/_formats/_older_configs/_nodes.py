"""Drawn models of older Keras: their layers, and the calls of them."""

from collections.abc import Callable, Iterable
from typing import Any

from ._ops import Call, is_op_layer, modern_op, tensor

_RECURRENT = ("RNN", "SimpleRNN", "GRU", "LSTM", "Bidirectional", "CuDNNGRU", "CuDNNLSTM")
_ATTENTION = ("Attention", "AdditiveAttention")
_CONSTANT = "_CONSTANT_VALUE"
_WITH_PLACES = ("inbound_nodes", "output_layers")

Entry = dict[str, Any]


def modern_drawing(config: dict[str, Any], modern: Callable[[Entry], Entry]) -> dict[str, Any]:
    """The config of a drawn model in today's form.

    Args:
        config: that of older Keras.
        modern: translates a layer.
    """
    layers = [layer for layer in config["layers"] if isinstance(layer, dict)]
    names = {_name(layer) for layer in layers}
    config = _with_plain_numbers(config, {_name(layer) for layer in layers if _is_drawn(layer)})
    layers = [layer for layer in config["layers"] if isinstance(layer, dict)]
    drawn = [(layer, [_call(node, names) for node in _nodes(layer)]) for layer in layers]
    for layer, calls in drawn:
        if is_op_layer(layer) and layer["config"].get("function") == "reshape":
            _leave_one_size_open(calls)
    needed = _needed(drawn, config)
    entries: list[Entry] = []
    for layer, calls in drawn:
        if not is_op_layer(layer):
            layer, calls = _with_calls(layer, calls)
            entries.append({**modern(layer), "inbound_nodes": calls})
        elif _name(layer) in needed:
            entries.extend(modern_op(layer, calls))
    return {**config, "layers": entries}


def _name(layer: Entry) -> str:
    return str(layer.get("name") or (layer.get("config") or {}).get("name"))


def _nodes(layer: Entry) -> list[Any]:
    nodes = layer.get("inbound_nodes") or []
    return nodes if isinstance(nodes, list) else []


def _call(node: Any, names: set[str]) -> Call:
    """A call: older Keras wrote the tensors, and in each of them the other arguments."""
    if isinstance(node, dict) and "args" in node:
        return node
    places = list(_places(node))
    kwargs = places[0][3] if places and len(places[0]) > 3 else {}
    first = _first_argument(node)
    if not _is_place(node) and isinstance(first, list) and len(first) == 1:
        first = first[0]
    return {"args": [first], "kwargs": {k: _argument(v, names) for k, v in kwargs.items()}}


def _is_drawn(layer: Entry) -> bool:
    """Whether a layer is a model that was drawn before it was called in this one."""
    config = layer.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    if not isinstance(layers, list) or not layers or not isinstance(layers[0], dict):
        return False
    first = layers[0].get("config") or {}
    given = isinstance(first, dict) and ("batch_input_shape" in first or "batch_shape" in first)
    return given or _is_drawn(layers[0])


def _with_plain_numbers(config: dict[str, Any], drawn: set[str]) -> dict[str, Any]:
    """The config with the calls of models within it counted from zero.

    Older Keras counted from one, as the drawing of such a model was its first call.
    """
    used = list(_all_places(config, drawn))
    first = {name for name, node, *_ in used if node == 0}
    shifted = {name for name, *_ in used} - first
    return _shifted(config, shifted) if shifted else config


def _all_places(config: dict[str, Any], names: set[str]) -> Iterable[list[Any]]:
    """The places of the outputs of some layers, wherever they are named."""
    nodes = [_nodes(layer) for layer in config["layers"] if isinstance(layer, dict)]
    waiting = [*nodes, config.get("output_layers")]
    while waiting:
        value = waiting.pop()
        if _is_place(value) and value[0] in names:
            yield value
        if isinstance(value, list | dict):
            waiting.extend(value.values() if isinstance(value, dict) else value)


def _shifted(value: Any, names: set[str], inside: bool = False) -> Any:
    """A config in which the calls of some layers have numbers that are less by one."""
    if inside and _is_place(value) and value[0] in names:
        return [value[0], value[1] - 1, *(_shifted(item, names, True) for item in value[2:])]
    if isinstance(value, list):
        return [_shifted(item, names, inside) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item if key == "config" else _shifted(item, names, inside or key in _WITH_PLACES)
        for key, item in value.items()
    }


def _is_place(value: Any) -> bool:
    """Whether a value is `[layer, node, tensor]` or the same with arguments."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and (len(value) == 3 or isinstance(value[3], dict))
    )


def _places(node: Any) -> Iterable[list[Any]]:
    if _is_place(node):
        yield node
    elif isinstance(node, list | dict):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _places(item)


def _first_argument(node: Any) -> Any:
    """What a layer was called on, nested as it was."""
    if _is_place(node):
        return node[2] if node[0] == _CONSTANT else tensor(*node[:3])
    if isinstance(node, dict):
        return {key: _first_argument(item) for key, item in node.items()}
    return [_first_argument(item) for item in node] if isinstance(node, list) else node


def _argument(value: Any, names: set[str]) -> Any:
    """A further argument, in which places of tensors have no arguments of their own."""
    if _is_place(value) and len(value) == 3:
        if value[0] == _CONSTANT:
            return value[2]
        if value[0] in names:
            return tensor(*value)
    if isinstance(value, list):
        return [_argument(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _argument(item, names) for key, item in value.items()}
    return value


def _with_calls(layer: Entry, calls: list[Call]) -> tuple[Entry, list[Call]]:
    """A layer and its calls, where arguments have moved from the one to the other."""
    config = layer.get("config")
    if layer["class_name"] in _RECURRENT:
        calls = [_with_state(call) for call in calls]
    if layer["class_name"] in _ATTENTION and isinstance(config, dict) and config.get("causal"):
        layer = {**layer, "config": {k: v for k, v in config.items() if k != "causal"}}
        causal = {"use_causal_mask": True}
        calls = [{**call, "kwargs": {**call["kwargs"], **causal}} for call in calls]
    return layer, calls


def _with_state(call: Call) -> Call:
    """A call of a recurrent layer, to which the first states were passed along with the input."""
    first = call["args"][0] if call["args"] else None
    if not isinstance(first, list) or "initial_state" in call["kwargs"]:
        return call
    states = first[1] if len(first) == 2 else first[1:]
    return {"args": [first[0]], "kwargs": {**call["kwargs"], "initial_state": states}}


def _leave_one_size_open(calls: list[Call]) -> None:
    """A size that is a tensor is what the others leave; so `tf.shape` is not needed for it."""
    for call in calls:
        shape = call["kwargs"].get("shape")
        sizes = shape if isinstance(shape, list) else []
        open_sizes = [size for size in sizes if isinstance(size, dict)]
        if len(open_sizes) == 1 and -1 not in sizes:
            call["kwargs"]["shape"] = [-1 if isinstance(size, dict) else size for size in sizes]


def _needed(drawn: list[tuple[Entry, list[Call]]], config: dict[str, Any]) -> set[str]:
    """The names of what the outputs and the layers with weights depend on."""
    calls_of = {_name(layer): calls for layer, calls in drawn}
    waiting = [name for name, _, *_ in _places(config.get("output_layers"))]
    waiting.extend(_name(layer) for layer, _ in drawn if not is_op_layer(layer))
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(_names_in(calls_of.get(name, [])))
    return needed


def _names_in(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"][0]
        for item in value.values():
            yield from _names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names_in(item)
