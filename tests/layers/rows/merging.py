"""Rows of layers that merge tensors."""

from tests.layers.row import Row

_PAIR = [(2, 3, 4), (2, 3, 4)]

ROWS = [
    *(Row(name, {}, _PAIR) for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")),
    Row("Subtract", {}, _PAIR),
    Row("Add", {}, [(2, 3, 4), (2, 1, 4), (2, 4)], label="broadcast"),
    Row("Concatenate", {}, [(2, 3), (2, 2)]),
    Row("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4)], label="axis"),
    Row("Dot", {"axes": 1}, [(2, 3), (2, 3)]),
    Row("Dot", {"axes": (2, 1), "normalize": True}, [(2, 3, 4), (2, 4, 5)], label="matrices"),
]
