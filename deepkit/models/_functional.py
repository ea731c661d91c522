"""Functional models: how inputs are matched to the graph, and its config."""

import heapq
import types
from collections.abc import Iterable, Iterator
from typing import Any

import jax.numpy as jnp

from deepkit.core import tree
from deepkit.core.errors import ConfigError, ShapeError, suggest
from deepkit.core.serialization import deserialize_keras_object, serialize_keras_object
from deepkit.layers import Layer
from deepkit.layers._call_signature import call_signature
from deepkit.models._function import Function
from deepkit.models._keras_ops import (
    as_in_keras,
    call_arguments,
    function_of,
    is_op_of_keras,
    op_named,
)
from deepkit.saving._formats._older_configs import modern_config
from deepkit.tensors import FunctionOperation, KerasTensor, Operation, has_symbolic


def flat_inputs(function: Function, inputs: Any, owner: str) -> list[Any]:
    """The values given for a model, in the order of its inputs.

    A dict may have the names of the inputs as its keys, whatever form the inputs have.

    Raises:
        ShapeError: a key is missing, the number of inputs or a shape differs.
    """
    names = [tensor.name for tensor in function.inputs]
    structure = function.inputs_structure
    if isinstance(inputs, dict):
        values = _values_by_key(inputs, structure, names, owner)
    elif isinstance(structure, dict) and not tree.is_nested(inputs) and len(names) > 1:
        raise ShapeError(
            f"{owner} expects a dict with the keys {list(structure)}, received one array of shape "
            f"{tuple(inputs.shape)}."
        )
    else:
        values = tree.flatten(inputs)
    if len(values) != len(names):
        raise ShapeError(f"{owner} expects {len(names)} inputs {names}, received {len(values)}.")
    return [_fit_rank(value, t, owner) for value, t in zip(values, function.inputs)]


def _values_by_key(
    inputs: dict[str, Any], structure: Any, names: list[str], owner: str
) -> list[Any]:
    """The values in a dict with the keys of the inputs, or with the names of all inputs."""
    if isinstance(structure, dict) and (set(inputs) == set(structure) or set(inputs) != set(names)):
        _check_keys(inputs, list(structure), owner)
        return tree.flatten({key: inputs[key] for key in structure})
    _check_keys(inputs, names, owner)
    return [inputs[name] for name in names]


def _check_keys(inputs: dict[str, Any], keys: list[str], owner: str) -> None:
    missing = [key for key in keys if key not in inputs]
    unknown = [key for key in inputs if key not in keys]
    if not missing and not unknown:
        return
    what = f"{missing} missing" if missing else f"{unknown} among them that it has no input for"
    hint = suggest(missing[0], [str(key) for key in unknown]) if missing else ""
    raise ShapeError(
        f"{owner} expects a dict with the keys {keys}, received one with the keys {list(inputs)}: "
        f"{what}.{hint}"
    )


def _fit_rank(value: Any, tensor: KerasTensor, owner: str) -> Any:
    """The value, with a last axis of size 1 added or taken away if that is all that differs."""
    if value is None:
        return value
    shape, expected = tuple(value.shape), tuple(tensor.shape)
    if len(shape) == len(expected) + 1 and shape[-1] == 1:
        value = value[..., 0]
    elif len(shape) == len(expected) - 1 and expected[-1] == 1:
        value = (
            jnp.expand_dims(value, -1) if not isinstance(value, KerasTensor) else value[..., None]
        )
    shape = tuple(value.shape)
    fits = len(shape) == len(expected) and all(
        want is None or got is None or want == got for want, got in zip(expected, shape)
    )
    if not fits:
        raise ShapeError(
            f"{owner} expects the input '{tensor.name}' with shape {expected}, "
            f"received shape {shape}."
        )
    return value


def functional_config(function: Function, base: dict[str, Any]) -> dict[str, Any]:
    """The config of a functional model: its layers, how they were called, inputs and outputs."""
    places = _places(function)

    def name_place(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        operation, _, index = leaf.history
        return _Place(
            [operation.name, places[leaf.history.operation, leaf.history.node_index], index]
        )

    layers = []
    for operation in function.operations:
        nodes = [n for n in function.graph.nodes if n.operation is operation and not n.is_input]
        layers.append({**_operation_entry(operation, nodes, places), "name": operation.name})
    return {
        "name": base["name"],
        "trainable": base.get("trainable", True),
        "layers": layers,
        "input_layers": _plain_places(tree.map_structure(name_place, function.inputs_structure)),
        "output_layers": _plain_places(tree.map_structure(name_place, function.outputs_structure)),
    }


class _Place:
    """Stands for a tensor, so that its three coordinates are a leaf."""

    def __init__(self, coordinates: list[Any]) -> None:
        self.coordinates = coordinates


def _plain_places(structure: Any) -> Any:
    if isinstance(structure, _Place):
        return structure.coordinates
    if isinstance(structure, dict):
        return {key: _plain_places(value) for key, value in structure.items()}
    return [_plain_places(value) for value in structure]


def _places(function: Function) -> dict[tuple[Operation, int], int]:
    """The index of each node among the nodes of its operation that belong to this model."""
    counts: dict[Operation, int] = {}
    places = {}
    for node in sorted(function.graph.nodes, key=lambda node: node.index):
        places[node.operation, node.index] = counts.get(node.operation, 0)
        counts[node.operation] = places[node.operation, node.index] + 1
    return places


def _operation_entry(
    operation: Operation, nodes: list[Any], places: dict[tuple[Operation, int], int]
) -> dict[str, Any]:
    """A layer or op and its calls."""
    described = as_in_keras(operation, nodes[0].args, nodes[0].kwargs) if len(nodes) == 1 else None
    if described is not None:
        entry, args, options = described
        config = {**entry["config"], **serialize_keras_object(options)}
        return {**entry, "config": config, "inbound_nodes": [_call_entry(args, {}, places)]}
    calls = [_call_entry(node.args, node.kwargs, places) for node in nodes]
    if not isinstance(operation, FunctionOperation):
        return {**serialize_keras_object(operation), "inbound_nodes": calls}
    function = serialize_keras_object(operation.function)
    return {
        "module": "deepkit.ops",
        "class_name": "FunctionOperation",
        "config": {"name": operation.name, "function": function},
        "registered_name": None,
        "inbound_nodes": calls,
    }


def _call_entry(
    args: Iterable[Any], kwargs: dict[str, Any], places: dict[tuple[Operation, int], int]
) -> dict[str, Any]:
    def write(value: Any) -> Any:
        if isinstance(value, KerasTensor):
            entry = serialize_keras_object(value)
            entry["config"]["keras_history"][1] = places[
                value.history.operation, value.history.node_index
            ]
            return entry
        if isinstance(value, list | tuple):
            return type(value)(write(v) for v in value)
        if isinstance(value, dict):
            return {key: write(v) for key, v in value.items()}
        return serialize_keras_object(value)

    return {
        "args": [write(arg) for arg in args],
        "kwargs": {key: write(value) for key, value in kwargs.items()},
    }


class GraphBuilder:
    """Draws a functional model again from its config.

    Args:
        config: what `functional_config` returned, or what Keras wrote.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = _in_todays_form(config)
        self.operations: dict[str, Operation] = {}
        self.outputs: dict[tuple[str, int], list[KerasTensor]] = {}
        self._options: dict[str, dict[str, Any]] = {}

    def draw(self) -> tuple[Any, Any]:
        """The inputs and outputs, nested as they were.

        Raises:
            ConfigError: a node depends on one that the config does not have.
        """
        waiting = []
        for entry in self.config["layers"]:
            name = entry.get("name") or entry["config"]["name"]
            operation = self._make(entry)
            self.operations[name] = operation
            calls = entry.get("inbound_nodes") or []
            if not calls:
                self._note(name, 0, operation._inbound_nodes[0].outputs)
            waiting.extend((name, index, call) for index, call in enumerate(calls))
        self._call_all(waiting)
        return (
            self._read_places(self.config["input_layers"]),
            self._read_places(self.config["output_layers"]),
        )

    def _make(self, entry: dict[str, Any]) -> Operation:
        if entry.get("class_name") == "FunctionOperation":
            config = entry["config"]
            described = config["function"]
            is_op = isinstance(described, dict) and described.get("module") == "keras.ops"
            function = op_named(described["config"]) if is_op else None
            if function is None:
                function = deserialize_keras_object(described)
            if not isinstance(function, types.FunctionType):
                raise ConfigError(
                    f"Expected '{config['name']}' in the model's config to be an op, received "
                    f"{type(function).__name__}."
                )
            return FunctionOperation(function, name=config["name"])
        if is_op_of_keras(entry):
            config = {key: value for key, value in entry["config"].items() if key != "name"}
            self._options[entry["name"]] = deserialize_keras_object(config)
            return FunctionOperation(function_of(entry), name=entry["name"])
        made = deserialize_keras_object(entry)
        if not isinstance(made, Operation):
            raise ConfigError(
                f"Expected a layer or an operation in the model's config, received "
                f"{type(made).__name__}."
            )
        return made

    def _note(self, name: str, index: int, outputs: Any) -> None:
        flat = [leaf for leaf in tree.flatten(outputs) if isinstance(leaf, KerasTensor)]
        self.outputs[name, index] = flat

    def _call_all(self, calls: list[tuple[str, int, Any]]) -> None:
        """Make the calls in their order, but each after those that it depends on."""
        missing = [self._missing(name, index, call) for name, index, call in calls]
        dependents: dict[tuple[str, int], list[int]] = {}
        for place, keys in enumerate(missing):
            for key in keys:
                dependents.setdefault(key, []).append(place)
        ready = [place for place, keys in enumerate(missing) if not keys]
        done = 0
        while ready:
            name, index, call = calls[heapq.heappop(ready)]
            self._call(name, index, call)
            done += 1
            for place in dependents.pop((name, index), ()):
                missing[place].discard((name, index))
                if not missing[place]:
                    heapq.heappush(ready, place)
        if done < len(calls):
            late = sorted({name for (name, _, _), keys in zip(calls, missing) if keys})
            raise ConfigError(
                f"The model's config is incomplete: the inputs of {late[:10]} are missing in it."
            )

    def _call(self, name: str, index: int, call: Any) -> None:
        operation = self.operations[name]
        args, kwargs = self._arguments(call)
        _drop_default_training(operation, kwargs)
        if not has_symbolic((args, kwargs)):
            # It would be computed now, from numbers that the file has chosen.
            raise ConfigError(
                f"The model's config calls '{name}' on nothing that the model computes."
            )
        if name in self._options:
            options = {**self._options[name], **kwargs}
            args, kwargs = call_arguments(operation.function, args, options)
        self._note(name, index, operation(*args, **kwargs))

    def _missing(self, name: str, index: int, call: Any) -> set[tuple[str, int]]:
        """The calls that one waits for."""
        needed = set(self._needed(call))
        if index > 0:
            needed.add((name, index - 1))
        return needed - self.outputs.keys()

    def _needed(self, value: Any) -> Iterator[tuple[str, int]]:
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            name, node, _ = value["config"]["keras_history"]
            yield self._known(name), node
        elif isinstance(value, dict | list | tuple):
            for item in value.values() if isinstance(value, dict) else value:
                yield from self._needed(item)

    def _arguments(self, call: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        args = [self._read(arg) for arg in call.get("args", ())]
        return args, {key: self._read(v) for key, v in call.get("kwargs", {}).items()}

    def _read(self, value: Any) -> Any:
        if isinstance(value, dict):
            kind = value.get("class_name")
            if kind == "__keras_tensor__":
                return self._tensor(*value["config"]["keras_history"])
            if kind == "__tuple__":
                return tuple(self._read(item) for item in value["config"]["value"])
            if kind is not None and "config" in value:
                return deserialize_keras_object(value)
            return {key: self._read(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._read(item) for item in value)
        return value

    def _tensor(self, name: str, node: int, index: int) -> KerasTensor:
        outputs = self.outputs.get((self._known(name), node), ())
        if not 0 <= index < len(outputs):
            raise ConfigError(
                f"The model's config calls for output {index} of call {node} of '{name}', which is "
                f"not made in it."
            )
        return outputs[index]

    def _known(self, name: str) -> str:
        if name not in self.operations:
            raise ConfigError(
                f"The model's config calls for the output of '{name}', which is no layer in it."
            )
        return name

    def _read_places(self, structure: Any) -> Any:
        if isinstance(structure, dict):
            return {key: self._read_places(value) for key, value in structure.items()}
        if isinstance(structure, list | tuple):
            if len(structure) == 3 and isinstance(structure[0], str):
                return self._tensor(*structure)
            if structure and all(_is_place(item) for item in structure) and len(structure) == 1:
                return self._tensor(*structure[0])
            return [self._read_places(item) for item in structure]
        raise ConfigError(f"Expected the place of a tensor, received {structure!r}.")


def _drop_default_training(operation: Operation, kwargs: dict[str, Any]) -> None:
    """Leave out a default that Keras writes although nobody gave it; what is given is kept to."""
    if not isinstance(operation, Layer) or "training" not in kwargs:
        return
    if kwargs["training"] == call_signature(type(operation).call).training_default:
        del kwargs["training"]


def _in_todays_form(config: dict[str, Any]) -> dict[str, Any]:
    """The config, translated if Keras 1 or 2 wrote it: their calls are lists."""
    calls = [call for entry in config["layers"] for call in entry.get("inbound_nodes") or ()]
    if not any(isinstance(call, list) for call in calls):
        return config
    return modern_config({"class_name": "Functional", "config": config})["config"]


def _is_place(item: Any) -> bool:
    return isinstance(item, list | tuple) and len(item) == 3 and isinstance(item[0], str)
