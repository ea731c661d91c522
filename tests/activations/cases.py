"""Every activation with the arguments it is tested under."""

import numpy as np

ELEMENTWISE = [
    ("celu", {}),
    ("celu", {"alpha": 0.3}),
    ("elu", {}),
    ("elu", {"alpha": 0.3}),
    ("exponential", {}),
    ("gelu", {}),
    ("gelu", {"approximate": True}),
    ("hard_shrink", {}),
    ("hard_shrink", {"threshold": 1.25}),
    ("hard_sigmoid", {}),
    ("hard_silu", {}),
    ("hard_swish", {}),
    ("hard_tanh", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("linear", {}),
    ("log_sigmoid", {}),
    ("mish", {}),
    ("relu", {}),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 6}),
    ("relu", {"max_value": 2.1}),
    ("relu", {"threshold": 1.1}),
    ("relu", {"threshold": -1.1}),
    ("relu", {"negative_slope": 0.1, "max_value": 2.1, "threshold": 0.7}),
    ("relu", {"negative_slope": 0.1, "max_value": 2.1}),
    ("relu6", {}),
    ("selu", {}),
    ("sigmoid", {}),
    ("silu", {}),
    ("soft_shrink", {}),
    ("soft_shrink", {"threshold": 0.2}),
    ("softplus", {}),
    ("softsign", {}),
    ("sparse_plus", {}),
    ("sparse_sigmoid", {}),
    ("squareplus", {}),
    ("squareplus", {"b": 0.5}),
    ("swish", {}),
    ("tanh", {}),
    ("tanh_shrink", {}),
    ("threshold", {"threshold": 0.4, "default_value": -7.0}),
]
OVER_AXIS = [
    ("glu", {}),
    ("glu", {"axis": 0}),
    ("log_softmax", {}),
    ("log_softmax", {"axis": 0}),
    ("log_softmax", {"axis": (0, 1)}),
    ("softmax", {}),
    ("softmax", {"axis": 0}),
    ("softmax", {"axis": (0, 1)}),
    ("sparsemax", {}),
    ("sparsemax", {"axis": 0}),
]
NAMES = sorted({name for name, _ in ELEMENTWISE + OVER_AXIS})

# Zeros, kinks, both tails, and sizes whose square or cube overflows float16 (256 and 40).
GRID = np.array(
    [0.0, 1e-6, 1e-3, 0.1, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 9.0, 20.0, 60.0, 300.0, 1e4],
    dtype="float32",
)
GRID = np.concatenate([GRID, -GRID])
HUGE = {"float32": [1e30, 3e38], "float16": [3e4, 6e4], "bfloat16": [1e30, 3e38]}


def matrix(scale: float = 1.0) -> np.ndarray:
    """Rows over which softmax and its kin are tested."""
    return scale * np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
