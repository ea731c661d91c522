"""Which op of deepkit is that of TensorFlow, and what its arguments are called.

A fixed table: the names in files are looked up here and nowhere else.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Op:
    """An op of TensorFlow.

    Attributes:
        name: the equal of it in `deepkit.ops`.
        arguments: the names of its arguments, the first one first, and what they are called here.
        harmless: the arguments that have no equal, and the values with which they mean nothing.
        given: arguments that deepkit's must have to be equal.
    """

    name: str
    arguments: Mapping[str, str]
    harmless: Mapping[str, tuple[Any, ...] | None] = dataclasses.field(default_factory=dict)
    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def _one(name: str, first: str = "x") -> Op:
    return Op(name, {first: "x"})


def _two(name: str) -> Op:
    return Op(name, {"x": "x1", "y": "x2"})


def _reduction(name: str) -> Op:
    arguments = {"input_tensor": "x", "axis": "axis", "keepdims": "keepdims"}
    older = {"keep_dims": (None, False), "reduction_indices": (None,)}
    return Op(name, arguments, older)


_TWO = {
    "__operators__.add": "add",
    "__operators__.eq": "equal",
    "__operators__.ne": "not_equal",
    "math.add": "add",
    "math.atan2": "arctan2",
    "math.divide": "divide",
    "math.divide_no_nan": "divide_no_nan",
    "math.equal": "equal",
    "math.floordiv": "floor_divide",
    "math.floormod": "mod",
    "math.greater": "greater",
    "math.greater_equal": "greater_equal",
    "math.less": "less",
    "math.less_equal": "less_equal",
    "math.logical_and": "logical_and",
    "math.logical_or": "logical_or",
    "math.logical_xor": "logical_xor",
    "math.maximum": "maximum",
    "math.minimum": "minimum",
    "math.multiply": "multiply",
    "math.not_equal": "not_equal",
    "math.pow": "power",
    "math.subtract": "subtract",
    "math.truediv": "divide",
    "compat.v1.floor_div": "floor_divide",
    "compat.v1.div": "divide",
}
_ONE = {
    "math.abs": "abs",
    "math.acos": "arccos",
    "math.asin": "arcsin",
    "math.atan": "arctan",
    "math.ceil": "ceil",
    "math.cos": "cos",
    "math.cosh": "cosh",
    "math.erf": "erf",
    "math.exp": "exp",
    "math.expm1": "expm1",
    "math.floor": "floor",
    "math.log": "log",
    "math.log1p": "log1p",
    "math.log_sigmoid": "log_sigmoid",
    "math.logical_not": "logical_not",
    "math.negative": "negative",
    "math.reciprocal": "reciprocal",
    "math.round": "round",
    "math.rsqrt": "rsqrt",
    "math.sigmoid": "sigmoid",
    "math.sign": "sign",
    "math.sin": "sin",
    "math.sinh": "sinh",
    "math.sqrt": "sqrt",
    "math.square": "square",
    "math.tan": "tan",
    "math.tanh": "tanh",
}
# Activations: TensorFlow calls what they take by several names.
_NN = {
    "math.softplus": "softplus",
    "nn.elu": "elu",
    "nn.relu": "relu",
    "nn.relu6": "relu6",
    "nn.selu": "selu",
    "nn.softplus": "softplus",
    "nn.softsign": "softsign",
    "math.softsign": "softsign",
}
_REDUCTIONS = {
    "math.reduce_all": "all",
    "math.reduce_any": "any",
    "math.reduce_logsumexp": "logsumexp",
    "math.reduce_max": "max",
    "math.reduce_mean": "mean",
    "math.reduce_min": "min",
    "math.reduce_prod": "prod",
    "math.reduce_std": "std",
    "math.reduce_sum": "sum",
    "math.reduce_variance": "var",
}

_AXIS = {"axis": "axis"}
_SOFTMAX = {"logits": "x", **_AXIS}
_ARGMAX = Op("argmax", {"input": "x", **_AXIS}, {"output_type": ("int64", "int32")})
_PAD = {
    "tensor": "x",
    "paddings": "pad_width",
    "mode": "mode",
    "constant_values": "constant_values",
}
_GATHER = Op(
    "take",
    {"params": "x", "indices": "indices", **_AXIS},
    {"batch_dims": (0, None), "validate_indices": None},
    {"axis": 0},
)
_NORMALIZE = Op("normalize", {"x": "x", **_AXIS, "epsilon": "epsilon"}, {"dim": (None,)})
_SCAN = {"x": "x", **_AXIS}
_FORWARD = {"exclusive": (False,), "reverse": (False,)}
_MATMUL = Op(
    "matmul",
    {"a": "x1", "b": "x2", "transpose_a": "transpose_a", "transpose_b": "transpose_b"},
    {
        **dict.fromkeys(("adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse"), (False,)),
        "output_type": (None,),
        "grad_a": (False,),
        "grad_b": (False,),
    },
)
_LIKE: dict[str, tuple[Any, ...] | None] = {"layout": (None,), "optimize": None}

OPS: dict[str, Op] = {
    **{name: _two(ours) for name, ours in _TWO.items()},
    **{name: _one(ours) for name, ours in _ONE.items()},
    **{name: _one(ours, "features") for name, ours in _NN.items()},
    **{name: _reduction(ours) for name, ours in _REDUCTIONS.items()},
    "__operators__.getitem": Op("get_item", {"tensor": "x", "slice_spec": "key"}, {"var": (None,)}),
    "cast": Op("cast", {"x": "x", "dtype": "dtype"}),
    "clip_by_value": Op("clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "compat.v1.gather": _GATHER,
    "compat.v1.pad": Op("pad", _PAD),
    "compat.v1.squeeze": Op("squeeze", {"input": "x", **_AXIS}, {"squeeze_dims": (None,)}),
    "compat.v1.transpose": Op("transpose", {"a": "x", "perm": "axes"}, {"conjugate": (False,)}),
    "concat": Op("concatenate", {"values": "xs", **_AXIS}),
    "expand_dims": Op("expand_dims", {"input": "x", **_AXIS}),
    "gather": _GATHER,
    "identity": _one("copy", "input"),
    "image.resize": Op(
        "image.resize",
        {"images": "images", "size": "size", "method": "interpolation", "antialias": "antialias"},
        {"preserve_aspect_ratio": (False,)},
    ),
    "linalg.matmul": _MATMUL,
    "math.add_n": Op("add_n", {"inputs": "inputs"}),
    "math.argmax": _ARGMAX,
    "math.argmin": Op("argmin", _ARGMAX.arguments, _ARGMAX.harmless),
    "math.cumprod": Op("cumprod", _SCAN, _FORWARD, {"axis": 0}),
    "math.cumsum": Op("cumsum", _SCAN, _FORWARD, {"axis": 0}),
    "math.l2_normalize": _NORMALIZE,
    "math.scalar_mul": Op("multiply", {"scalar": "x1", "x": "x2"}),
    "nn.bias_add": Op("add", {"value": "x1", "bias": "x2"}, {"data_format": (None, "NHWC")}),
    "nn.gelu": Op(
        "gelu", {"features": "x", "approximate": "approximate"}, {}, {"approximate": False}
    ),
    "nn.leaky_relu": Op("leaky_relu", {"features": "x", "alpha": "negative_slope"}),
    "nn.log_softmax": Op("log_softmax", _SOFTMAX),
    "nn.silu": Op("silu", {"features": "x"}, {"beta": (1.0,)}),
    "nn.softmax": Op("softmax", _SOFTMAX),
    "one_hot": Op(
        "one_hot",
        {"indices": "x", "depth": "num_classes", "axis": "axis", "dtype": "dtype"},
        {"on_value": (None, 1, 1.0), "off_value": (None, 0, 0.0)},
    ),
    "ones_like": Op("ones_like", {"input": "x", "dtype": "dtype"}, _LIKE),
    "pad": Op("pad", _PAD),
    "repeat": Op("repeat", {"input": "x", "repeats": "repeats", **_AXIS}),
    "reshape": Op("reshape", {"tensor": "x", "shape": "newshape"}),
    "reverse": Op("flip", {"tensor": "x", **_AXIS}),
    "roll": Op("roll", {"input": "x", "shift": "shift", **_AXIS}),
    "split": Op(
        "split",
        {"value": "x", "num_or_size_splits": "indices_or_sections", **_AXIS},
        {"num": (None,)},
        {"axis": 0},
    ),
    "squeeze": Op("squeeze", {"input": "x", **_AXIS}),
    "stack": Op("stack", {"values": "x", **_AXIS}),
    "stop_gradient": Op("stop_gradient", {"input": "variable"}),
    "tensordot": Op("tensordot", {"a": "x1", "b": "x2", "axes": "axes"}),
    "tile": Op("tile", {"input": "x", "multiples": "repeats"}),
    "transpose": Op("transpose", {"a": "x", "perm": "axes"}, {"conjugate": (False,)}),
    "unstack": Op("unstack", {"value": "x", "num": "num", **_AXIS}),
    "where": Op("where", {"condition": "condition", "x": "x1", "y": "x2"}),
    "zeros_like": Op("zeros_like", {"input": "x", "dtype": "dtype"}, _LIKE),
}
for _name in ("compat.v1.concat", "compat.v1.expand_dims", "compat.v1.ones_like"):
    OPS[_name] = OPS[_name.removeprefix("compat.v1.")]
OPS["compat.v1.zeros_like"] = OPS["zeros_like"]
OPS["nn.l2_normalize"] = OPS["compat.v1.math.l2_normalize"] = _NORMALIZE
OPS["nn.sigmoid"], OPS["nn.tanh"] = OPS["math.sigmoid"], OPS["math.tanh"]
OPS["compat.v1.where_v2"] = OPS["where"]
