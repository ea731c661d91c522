"""Rows of Dense."""

from tests.layers.row import Row

ROWS = [
    Row("Dense", {"units": 3}),
    Row("Dense", {"units": 3, "activation": "relu", "use_bias": False}, (2, 4, 5), label="3d"),
    Row(
        "Dense",
        {"units": 2, "kernel_regularizer": "l2", "bias_constraint": "non_neg"},
        label="regularized",
    ),
]
