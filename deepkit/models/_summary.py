"""The table that `Model.summary` prints."""

import re
import shutil
from collections.abc import Sequence
from typing import Any

from deepkit.autograph import convert_on_demand
from deepkit.core import shapes, tree
from deepkit.core.errors import ArgumentError
from deepkit.layers import InputLayer, Layer
from deepkit.layers._call_context import OutputShapes
from deepkit.layers._call_signature import call_signature
from deepkit.tensors import KerasTensor, Node, infer_outputs, node_of

_WIDTH = 80
_CHAIN_COLUMNS = (0.45, 0.80, 1.0)
_GRAPH_COLUMNS = (0.32, 0.58, 0.72, 1.0)
_BYTES = {"64": 8, "32": 4, "16": 2, "8": 1, "bool": 1}


def summarize(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> str:
    """The table of a model's layers, as text; see `Model.summary`."""
    connected = model._graph is not None and not _is_chain(model)
    header = ["Layer (type)", "Output Shape", "Param #"]
    ends = list(_GRAPH_COLUMNS if connected else _CHAIN_COLUMNS)
    if connected:
        header.append("Connected to")
    if show_trainable:
        header.append("Trainable")
        ends = [end * 0.86 for end in ends] + [1.0]
    if positions is not None:
        ends = list(positions)
    if len(ends) != len(header):
        raise ArgumentError(
            f"Expected {len(header)} column ends in `positions`, received {len(ends)}."
        )
    width = line_length or min(shutil.get_terminal_size((_WIDTH, 24)).columns, 120)
    known = _traced_shapes(model)
    rows = _rows(model, known, connected, show_trainable, expand_nested, 0)
    rows = _within(rows, layer_range)
    title = f'Model: "{model.name}"'
    return "\n".join([title, _table(header, rows, _widths(ends, width)), *_totals(model)])


def _is_chain(model: Any) -> bool:
    """Whether the nodes of a drawn model follow one another with one input each."""
    nodes = [node for node in model._graph.graph.nodes if not node.is_input]
    return all(len(node.input_tensors) <= 1 for node in nodes) and len(
        {id(tensor) for node in nodes for tensor in node.input_tensors}
    ) == len(nodes)


def _traced_shapes(model: Any) -> OutputShapes:
    """The output shapes of all layers of a subclassed model, by abstract evaluation."""
    record = OutputShapes()
    given = getattr(model, "_build_shapes", None)
    if model._graph is None and model.built and given:
        symbols = {
            name.removesuffix("_shape"): shapes.map_shapes(_symbol, shape)
            for name, shape in given.items()
        }
        names = call_signature(type(model).call).positional
        if not set(symbols) <= set(names):
            symbols = dict(zip(names, symbols.values()))
        with record:
            convert_on_demand(lambda: infer_outputs(model.__call__, (), symbols))
    return record


def _symbol(shape: Any) -> KerasTensor:
    return KerasTensor((None, *shape[1:]))


def _rows(
    model: Any,
    known: OutputShapes,
    connected: bool,
    show_trainable: bool,
    expand_nested: bool,
    depth: int,
) -> list[list[str]]:
    rows = []
    operations = model.operations if connected else model.layers
    for operation in operations:
        parameters = operation.count_params() if isinstance(operation, Layer) else 0
        built = not isinstance(operation, Layer) or operation.built
        row = [
            "  " * depth + f"{operation.name} ({type(operation).__name__})",
            _output_shape(model, operation, known),
            f"{parameters:,}" if built else "0 (not built)",
        ]
        if connected:
            row.append(", ".join(_sources(model, operation)) or "-")
        if show_trainable:
            row.append(("Y" if operation.trainable else "N") if parameters else "-")
        rows.append(row)
        if expand_nested and hasattr(operation, "_graph"):
            rows.extend(_rows(operation, known, connected, show_trainable, True, depth + 1))
    return rows


def _nodes_in(model: Any, operation: Any) -> list[Node]:
    if model._graph is None:
        return []
    return [node for node in model._graph.graph.nodes if node.operation is operation]


def _output_shape(model: Any, operation: Any, known: OutputShapes) -> str:
    if isinstance(operation, InputLayer):
        return _shape_text(operation.batch_shape)
    nodes = _nodes_in(model, operation)
    if nodes:
        return _shape_text(tree.map_structure(lambda tensor: tensor.shape, nodes[0].outputs))
    seen = known.of(operation)
    return "?" if seen is None else _shape_text(seen)


def _shape_text(found: Any) -> str:
    if isinstance(found, dict):
        return "{" + ", ".join(f"{k}: {_shape_text(v)}" for k, v in found.items()) + "}"
    if isinstance(found, list) or (found and isinstance(found[0], tuple)):
        return "[" + ", ".join(_shape_text(shape) for shape in found) + "]"
    return str(tuple(found))


def _sources(model: Any, operation: Any) -> list[str]:
    found = []
    for node in _nodes_in(model, operation):
        for tensor in node.input_tensors:
            history = tensor.history
            found.append(f"{node_of(tensor).operation.name}[{history.node_index}][{history.index}]")
    return found


def _within(rows: list[list[str]], layer_range: Sequence[str] | None) -> list[list[str]]:
    if layer_range is None:
        return rows
    if len(layer_range) != 2:
        raise ArgumentError(
            f"Expected `layer_range` to hold two names of layers, received {layer_range!r}."
        )
    names = [row[0].strip().split(" (")[0] for row in rows]
    places = [
        [place for place, name in enumerate(names) if name == end or re.match(end, name)]
        for end in layer_range
    ]
    if not all(places):
        raise ArgumentError(
            f"Expected `layer_range` to name layers among {names}, received {layer_range!r}."
        )
    return rows[min(places[0]) : max(places[1]) + 1]


def _widths(ends: Sequence[float], width: int) -> list[int]:
    """The room for text in each column: a border and two spaces are around it."""
    stops = [int(end * (width - 1)) if end <= 1 else int(end) for end in ends]
    return [max(5, stop - start - 3) for start, stop in zip([0, *stops], stops)]


def _table(header: list[str], rows: list[list[str]], widths: list[int]) -> str:
    numbers = {2}

    def line(left: str, middle: str, right: str, fill: str) -> str:
        return left + middle.join(fill * (width + 2) for width in widths) + right

    def cells(row: list[str]) -> list[str]:
        wrapped = [_wrap(text, width) for text, width in zip(row, widths)]
        height = max(map(len, wrapped))
        lines = []
        for index in range(height):
            parts = []
            for column, (piece, width) in enumerate(zip(wrapped, widths)):
                text = piece[index] if index < len(piece) else ""
                parts.append(text.rjust(width) if column in numbers else text.ljust(width))
            lines.append("│ " + " │ ".join(parts) + " │")
        return lines

    out = [line("┌", "┬", "┐", "─"), *cells(header), line("├", "┼", "┤", "─")]
    for row in rows:
        out.extend(cells(row))
    return "\n".join([*out, line("└", "┴", "┘", "─")])


def _wrap(text: str, width: int) -> list[str]:
    pieces = [text[start : start + width] for start in range(0, len(text), width)]
    return pieces or [""]


def _totals(model: Any) -> list[str]:
    if not model.built:
        return [
            " The model is not built: its weights and shapes are not known yet. Call it on data, "
            "call `build` with the shape of its input, or `fit` it."
        ]
    trainable = model.trainable_weights
    frozen = model.non_trainable_weights
    optimizer = model.optimizer.variables if model.optimizer is not None else []
    lines = [
        f" Total params: {_size([*trainable, *frozen, *optimizer])}",
        f" Trainable params: {_size(trainable)}",
        f" Non-trainable params: {_size(frozen)}",
    ]
    return lines + ([f" Optimizer params: {_size(optimizer)}"] if optimizer else [])


def _size(variables: Sequence[Any]) -> str:
    unique = {id(variable): variable for variable in variables}.values()
    count = sum(variable.size for variable in unique)
    size = float(sum(variable.size * _itemsize(variable.dtype) for variable in unique))
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{count:,} ({size:.2f} {unit})"


def _itemsize(dtype: str) -> int:
    return next((size for suffix, size in _BYTES.items() if dtype.endswith(suffix)), 4)
