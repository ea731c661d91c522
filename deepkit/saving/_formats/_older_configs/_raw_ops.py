"""Operations that tf.keras 1.13 to 2.3 wrote as nodes of a graph, as functions."""

from collections.abc import Callable
from typing import Any

_TWO = "x y"
# The function, the names of what goes in, and the attributes that are arguments.
_FUNCTIONS: dict[str, tuple[str, str]] = {
    "Abs": ("math.abs", "x"),
    "Add": ("math.add", _TWO),
    "AddV2": ("math.add", _TWO),
    "BiasAdd": ("nn.bias_add", "value bias"),
    "Ceil": ("math.ceil", "x"),
    "Cos": ("math.cos", "x"),
    "Div": ("math.divide", _TWO),
    "Elu": ("nn.elu", "features"),
    "Equal": ("math.equal", _TWO),
    "Erf": ("math.erf", "x"),
    "Exp": ("math.exp", "x"),
    "ExpandDims": ("expand_dims", "input axis"),
    "Expm1": ("math.expm1", "x"),
    "Floor": ("math.floor", "x"),
    "FloorDiv": ("math.floordiv", _TWO),
    "FloorMod": ("math.floormod", _TWO),
    "Greater": ("math.greater", _TWO),
    "GreaterEqual": ("math.greater_equal", _TWO),
    "Identity": ("identity", "input"),
    "Less": ("math.less", _TWO),
    "LessEqual": ("math.less_equal", _TWO),
    "Log": ("math.log", "x"),
    "Log1p": ("math.log1p", "x"),
    "LogSoftmax": ("nn.log_softmax", "logits"),
    "LogicalAnd": ("math.logical_and", _TWO),
    "LogicalNot": ("math.logical_not", "x"),
    "LogicalOr": ("math.logical_or", _TWO),
    "Maximum": ("math.maximum", _TWO),
    "Minimum": ("math.minimum", _TWO),
    "Mul": ("math.multiply", _TWO),
    "Neg": ("math.negative", "x"),
    "NotEqual": ("math.not_equal", _TWO),
    "Pad": ("pad", "tensor paddings"),
    "PadV2": ("pad", "tensor paddings constant_values"),
    "Pow": ("math.pow", _TWO),
    "RealDiv": ("math.truediv", _TWO),
    "Reciprocal": ("math.reciprocal", "x"),
    "Relu": ("nn.relu", "features"),
    "Relu6": ("nn.relu6", "features"),
    "Reshape": ("reshape", "tensor shape"),
    "ReverseV2": ("reverse", "tensor axis"),
    "Round": ("math.round", "x"),
    "Rsqrt": ("math.rsqrt", "x"),
    "Select": ("where", "condition x y"),
    "SelectV2": ("where", "condition x y"),
    "Selu": ("nn.selu", "features"),
    "Sigmoid": ("math.sigmoid", "x"),
    "Sign": ("math.sign", "x"),
    "Sin": ("math.sin", "x"),
    "Softmax": ("nn.softmax", "logits"),
    "Softplus": ("math.softplus", "features"),
    "Softsign": ("nn.softsign", "features"),
    "Sqrt": ("math.sqrt", "x"),
    "Square": ("math.square", "x"),
    "StopGradient": ("stop_gradient", "input"),
    "Sub": ("math.subtract", _TWO),
    "Tan": ("math.tan", "x"),
    "Tanh": ("math.tanh", "x"),
    "Tile": ("tile", "input multiples"),
    "Transpose": ("transpose", "a perm"),
    "ZerosLike": ("zeros_like", "input"),
    "OnesLike": ("ones_like", "input"),
}
_REDUCTIONS = {
    "All": "math.reduce_all",
    "Any": "math.reduce_any",
    "Max": "math.reduce_max",
    "Mean": "math.reduce_mean",
    "Min": "math.reduce_min",
    "Prod": "math.reduce_prod",
    "Sum": "math.reduce_sum",
}
_DTYPES = {
    "DT_BFLOAT16": "bfloat16",
    "DT_BOOL": "bool",
    "DT_DOUBLE": "float64",
    "DT_FLOAT": "float32",
    "DT_HALF": "float16",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_INT8": "int8",
    "DT_UINT8": "uint8",
}

Arguments = dict[str, Any]
Made = tuple[str, Arguments] | None


def as_function(config: dict[str, Any], tensors: list[Any]) -> Made:
    """The name of the function that makes a node, and its arguments; `None` if it is unknown.

    Args:
        config: that of the layer, with the node and the constants among what goes in.
        tensors: what else goes in.
    """
    node = config.get("node_def")
    if not isinstance(node, dict) or not isinstance(node.get("op"), str):
        return None
    values = _inputs(config.get("constants") or {}, tensors)
    attributes = {k: _attribute(v) for k, v in (node.get("attr") or {}).items()}
    kind = node["op"]
    if kind in _REDUCTIONS:
        arguments = dict(zip(("input_tensor", "axis"), values))
        return _REDUCTIONS[kind], {**arguments, "keepdims": attributes.get("keep_dims", False)}
    if kind in _SPECIAL:
        return _SPECIAL[kind](values, attributes)
    if kind not in _FUNCTIONS:
        return None
    function, names = _FUNCTIONS[kind]
    return function, dict(zip(names.split(), values))


def _inputs(constants: dict[str, Any], tensors: list[Any]) -> list[Any]:
    """All that goes into a node, in its order."""
    values, waiting = [], iter(tensors)
    for index in range(len(constants) + len(tensors)):
        is_constant = str(index) in constants
        values.append(constants[str(index)] if is_constant else next(waiting, None))
    return values


def _attribute(value: Any) -> Any:
    """A value of a node's attribute: its only one, or the list of them."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, content),) = value.items()
    if kind == "i":
        return int(content)
    if kind == "list":
        return [int(item) for item in content.get("i", ())] if isinstance(content, dict) else None
    return _DTYPES.get(content) if kind == "type" else content


def _arg(function: str) -> Callable[[list[Any], Arguments], Made]:
    return lambda values, attributes: (function, dict(zip(("input", "axis"), values)))


def _cast(values: list[Any], attributes: Arguments) -> Made:
    dtype = attributes.get("DstT")
    return ("cast", {"x": values[0], "dtype": dtype}) if dtype else None


def _concatenate(values: list[Any], attributes: Arguments) -> Made:
    return "concat", {"values": values[:-1], "axis": values[-1]}


def _gather(values: list[Any], attributes: Arguments) -> Made:
    arguments = dict(zip(("params", "indices", "axis"), values))
    return "gather", {**arguments, "batch_dims": attributes.get("batch_dims", 0)}


def _leaky_relu(values: list[Any], attributes: Arguments) -> Made:
    return "nn.leaky_relu", {"features": values[0], "alpha": attributes.get("alpha", 0.2)}


def _matmul(first: str, second: str) -> Callable[[list[Any], Arguments], Made]:
    def translate(values: list[Any], attributes: Arguments) -> Made:
        sides = {"a": values[0], "b": values[1]}
        flags = {"transpose_a": attributes.get(first), "transpose_b": attributes.get(second)}
        return "linalg.matmul", {**sides, **flags}

    return translate


def _one_hot(values: list[Any], attributes: Arguments) -> Made:
    arguments = dict(zip(("indices", "depth", "on_value", "off_value"), values))
    return "one_hot", {**arguments, "axis": attributes.get("axis", -1)}


def _pack(values: list[Any], attributes: Arguments) -> Made:
    return "stack", {"values": values, "axis": attributes.get("axis", 0)}


def _resize(values: list[Any], attributes: Arguments) -> Made:
    if not attributes.get("half_pixel_centers"):
        return None
    return "image.resize", {"images": values[0], "size": values[1]}


def _scan(function: str) -> Callable[[list[Any], Arguments], Made]:
    def translate(values: list[Any], attributes: Arguments) -> Made:
        flags = {key: attributes.get(key, False) for key in ("exclusive", "reverse")}
        return function, {"x": values[0], "axis": values[1], **flags}

    return translate


def _split(values: list[Any], attributes: Arguments) -> Made:
    count = attributes.get("num_split")
    return "split", {"axis": values[0], "value": values[1], "num_or_size_splits": count}


def _squeeze(values: list[Any], attributes: Arguments) -> Made:
    return "squeeze", {"input": values[0], "axis": attributes.get("squeeze_dims") or None}


def _unpack(values: list[Any], attributes: Arguments) -> Made:
    numbers = {"num": attributes.get("num"), "axis": attributes.get("axis", 0)}
    return "unstack", {"value": values[0], **numbers}


def _strided_slice(values: list[Any], attributes: Arguments) -> Made:
    """An item: bits of the masks say what stands at each place of it."""
    first, *bounds = values
    if not all(isinstance(bound, list) for bound in bounds) or len(bounds) != 3:
        return None
    key: list[Any] = []
    for place, (start, stop, step) in enumerate(zip(*bounds)):
        has = {name: (attributes.get(f"{name}_mask") or 0) >> place & 1 for name in _MASKS}
        if has["ellipsis"]:
            key.append({"class_name": "__ellipsis__", "config": {}})
        elif has["new_axis"]:
            key.append(None)
        elif has["shrink_axis"]:
            key.append(start)
        else:
            start = None if has["begin"] else start
            key.append({"start": start, "stop": None if has["end"] else stop, "step": step})
    return "__operators__.getitem", {"tensor": first, "slice_spec": key}


_MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
_SPECIAL: dict[str, Callable[[list[Any], Arguments], Made]] = {
    "AddN": lambda values, attributes: ("math.add_n", {"inputs": values}),
    "ArgMax": _arg("math.argmax"),
    "ArgMin": _arg("math.argmin"),
    "BatchMatMul": _matmul("adj_x", "adj_y"),
    "BatchMatMulV2": _matmul("adj_x", "adj_y"),
    "Cast": _cast,
    "ConcatV2": _concatenate,
    "Cumprod": _scan("math.cumprod"),
    "Cumsum": _scan("math.cumsum"),
    "GatherV2": _gather,
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul("transpose_a", "transpose_b"),
    "OneHot": _one_hot,
    "Pack": _pack,
    "ResizeBilinear": _resize,
    "Split": _split,
    "Squeeze": _squeeze,
    "StridedSlice": _strided_slice,
    "Unpack": _unpack,
}
