"""Drawn models of older Keras: their layers, and the calls of them."""

from collections.abc import Callable
from typing import Any

from ._entries import entries_in, plain_name
from ._ops import Call, is_op_layer, modern_op
from ._places import (
    CONSTANT,
    Place,
    is_place,
    names_in,
    outer_places,
    places_in,
    tensor,
    with_places,
)

_RECURRENT = ("RNN", "SimpleRNN", "GRU", "LSTM", "Bidirectional", "CuDNNGRU", "CuDNNLSTM")
_ATTENTION = ("Attention", "AdditiveAttention")

Entry = dict[str, Any]


def modern_drawing(config: dict[str, Any], modern: Callable[[Entry], Entry]) -> dict[str, Any]:
    """The config of a drawn model in today's form.

    Args:
        config: that of older Keras.
        modern: translates a layer.
    """
    config = _with_plain_names(_with_plain_numbers(config))
    layers = entries_in(config["layers"])
    names = {_name(layer) for layer in layers}
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


# Names and numbers of calls


def _with_plain_names(config: dict[str, Any]) -> dict[str, Any]:
    """The config with names that layers may have today."""
    layers = [{**layer, "name": plain_name(_name(layer))} for layer in entries_in(config["layers"])]
    return with_places({**config, "layers": layers}, lambda p: [plain_name(p[0]), *p[1:]])


def _with_plain_numbers(config: dict[str, Any]) -> dict[str, Any]:
    """The config with the calls of models within it counted from zero.

    Older Keras counted from one, as the drawing of such a model was its first call.
    """
    drawn = {_name(layer) for layer in entries_in(config["layers"]) if _is_drawn(layer)}
    if not drawn:
        return config
    used = [_nodes(layer) for layer in entries_in(config["layers"])] + [config.get("output_layers")]
    places = [place for place in places_in(used) if place[0] in drawn]
    shifted = {name for name, *_ in places} - {name for name, call, *_ in places if call == 0}

    def change(place: Place) -> Place:
        return [place[0], place[1] - 1, place[2]] if place[0] in shifted else place

    return with_places(config, change)


def _is_drawn(layer: Entry) -> bool:
    """Whether a layer is a model that was drawn before it was called in this one."""
    config = layer.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    if not isinstance(layers, list) or not layers or not isinstance(layers[0], dict):
        return False
    first = layers[0].get("config") or {}
    given = isinstance(first, dict) and ("batch_input_shape" in first or "batch_shape" in first)
    return given or _is_drawn(layers[0])


# Calls


def _call(node: Any, names: set[str]) -> Call:
    """A call: older Keras wrote the tensors, and in each of them the other arguments."""
    if isinstance(node, dict) and "args" in node:
        return node
    places = list(outer_places(node))
    kwargs = places[0][3] if places and len(places[0]) > 3 else {}
    first = _first_argument(node)
    if not is_place(node) and isinstance(first, list) and len(first) == 1:
        first = first[0]
    return {"args": [first], "kwargs": {k: _argument(v, names) for k, v in kwargs.items()}}


def _first_argument(node: Any) -> Any:
    """What a layer was called on, nested as it was."""
    if is_place(node):
        return node[2] if node[0] == CONSTANT else tensor(*node[:3])
    if isinstance(node, dict):
        return {key: _first_argument(item) for key, item in node.items()}
    return [_first_argument(item) for item in node] if isinstance(node, list) else node


def _argument(value: Any, names: set[str]) -> Any:
    """A further argument, in which places of tensors have no arguments of their own."""
    if is_place(value) and len(value) == 3:
        if value[0] == CONSTANT:
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


# Operations of TensorFlow


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
    waiting = [place[0] for place in places_in(config.get("output_layers"))]
    waiting.extend(_name(layer) for layer, _ in drawn if not is_op_layer(layer))
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(names_in(calls_of.get(name, [])))
    return needed
