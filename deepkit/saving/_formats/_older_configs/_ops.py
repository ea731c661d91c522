"""Layers that older Keras made of operations of TensorFlow, as ops of deepkit's."""

from typing import Any

from ._entries import refuse, without_harmless
from ._op_table import OPS, Op
from ._places import tensor
from ._raw_ops import as_function

_OP_LAYERS = (
    "TFOpLambda",
    "SlicingOpLambda",
    "TensorFlowOpLayer",
    "ClassMethod",
    "InstanceMethod",
    "InstanceProperty",
)

# A call as plain data: positional arguments, and others by name.
Call = dict[str, Any]


def is_op_layer(entry: dict[str, Any]) -> bool:
    """Whether an entry is that of an operation of TensorFlow."""
    return entry["class_name"].split(">")[-1] in _OP_LAYERS


def modern_op(entry: dict[str, Any], calls: list[Call]) -> list[dict[str, Any]]:
    """The entries that stand for an operation; more than one where deepkit has it in parts.

    Args:
        entry: the layer that older Keras made.
        calls: its calls, in today's form.

    Raises:
        SerializationError: there is no equal of the operation, or of one of its arguments.
    """
    name = entry.get("name") or entry["config"].get("name")
    function, calls = _function(entry, calls)
    op = OPS.get(function) if isinstance(function, str) else None
    if op is None:
        refuse(
            "operation",
            str(function),
            name,
            "is one of TensorFlow's that deepkit has no equal of. Make the model in code without "
            "it, and load its weights from the file.",
        )
    special = _SPECIAL.get(op.name)
    arguments = [_arguments(op, call, str(function), name) for call in calls]
    if special is not None:
        if len(arguments) != 1:
            refuse("operation", str(function), name, "is called more than once.")
        return special(name, arguments[0])
    return [_entry(name, op.name, arguments)]


def _function(entry: dict[str, Any], calls: list[Call]) -> tuple[Any, list[Call]]:
    """The function of TensorFlow that made a layer, and the calls of it."""
    config = entry["config"]
    class_name = entry["class_name"].split(">")[-1]
    if class_name != "TensorFlowOpLayer":
        return config.get("function", class_name), calls
    made = []
    for call in calls:
        first = call["args"][0] if call["args"] else []
        made.append(as_function(config, first if isinstance(first, list) else [first]))
    node = config.get("node_def")
    unknown = node.get("op") if isinstance(node, dict) else class_name
    if not made or any(one is None for one in made):
        return unknown, calls
    return made[0][0], [{"args": [], "kwargs": arguments} for _, arguments in made]


def _arguments(op: Op, call: Call, function: str, name: Any) -> dict[str, Any]:
    """The arguments of a call by the names that deepkit has for them."""
    values = dict(zip(op.arguments, call["args"]))
    values = without_harmless(
        {**values, **call["kwargs"]}, {**op.harmless, "name": None}, "operation", function
    )
    unknown = [key for key in values if key not in op.arguments]
    if unknown or len(call["args"]) > len(op.arguments):
        refuse("operation", function, name, f"has arguments without an equal here: {unknown}.")
    given = {op.arguments[key]: value for key, value in values.items()}
    return {**op.given, **given}


def _entry(name: str, op: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The entry of an op, called by names."""
    function = {
        "module": "keras.ops",
        "class_name": "function",
        "config": op.rpartition(".")[2],
        "registered_name": "function",
    }
    return {
        "module": "deepkit.ops",
        "class_name": "FunctionOperation",
        "config": {"name": name, "function": function},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": [], "kwargs": kwargs} for kwargs in calls],
    }


def _matmul(name: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """A matrix product, of which either side may be transposed first."""
    entries = []
    for side, flag in (("x1", "transpose_a"), ("x2", "transpose_b")):
        if kwargs.pop(flag, False):
            turned = f"{name}_{flag}"
            swapped = {"x": kwargs[side], "axis1": -1, "axis2": -2}
            entries.append(_entry(turned, "swapaxes", [swapped]))
            kwargs[side] = tensor(turned)
    return [*entries, _entry(name, "matmul", [kwargs])]


def _add_n(name: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """A sum of tensors of one shape."""
    tensors = kwargs["inputs"] if isinstance(kwargs["inputs"], list) else [kwargs["inputs"]]
    stacked = _entry(f"{name}_stack", "stack", [{"x": tensors}])
    return [stacked, _entry(name, "sum", [{"x": tensor(f"{name}_stack"), "axis": 0}])]


def _normalize(name: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    # TensorFlow bounds the square, and deepkit its root.
    epsilon = kwargs.pop("epsilon", 1e-12) ** 0.5
    axis = kwargs.pop("axis", None)
    return [_entry(name, "normalize", [{**kwargs, "axis": axis, "epsilon": epsilon}])]


def _pad(name: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    kwargs["mode"] = str(kwargs.get("mode", "CONSTANT")).lower()
    if kwargs["mode"] != "constant":
        kwargs.pop("constant_values", None)
    return [_entry(name, "pad", [kwargs])]


def _split(name: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """Parts of equal sizes, or of given ones, which deepkit wants as the places of the cuts."""
    sizes = kwargs["indices_or_sections"]
    if isinstance(sizes, list):
        if -1 in sizes:
            refuse("operation", "split", name, f"has num_or_size_splits={sizes!r}: one is open.")
        kwargs["indices_or_sections"] = [sum(sizes[:end]) for end in range(1, len(sizes))]
    return [_entry(name, "split", [kwargs])]


def _softmax(op: str) -> Any:
    def translate(name: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
        if kwargs.get("axis", -1) is None:
            kwargs["axis"] = -1
        return [_entry(name, op, [kwargs])]

    return translate


def _get_item(name: str, kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """An item, whose slices TensorFlow writes as dicts."""
    key = kwargs["key"]
    parts = [_slice(part) for part in key] if isinstance(key, list) else _slice(key)
    if isinstance(parts, list):
        parts = {"class_name": "__tuple__", "config": {"value": parts}}
    return [_entry(name, "get_item", [{"x": kwargs["x"], "key": parts}])]


def _slice(part: Any) -> Any:
    if isinstance(part, dict) and set(part) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": part}
    if isinstance(part, dict) and part.get("class_name") == "__ellipsis__":
        return {"config": {}, **part}
    return part


_SPECIAL = {
    "add_n": _add_n,
    "get_item": _get_item,
    "log_softmax": _softmax("log_softmax"),
    "matmul": _matmul,
    "normalize": _normalize,
    "pad": _pad,
    "softmax": _softmax("softmax"),
    "split": _split,
}
