"""Three batches of targets, outputs and weights, in every form that a model's outputs can have."""

import collections
from typing import Any

import numpy as np

ROWS = (4, 4, 2)
Pair = collections.namedtuple("Pair", ["first", "second"])

# From the arrays b (rows, 2) and a (rows, 3) to outputs.
FORMS = {
    "single": lambda b, a: b,
    "one_list": lambda b, a: [b],
    "one_dict": lambda b, a: {"b": b},
    "list": lambda b, a: [b, a],
    "tuple": lambda b, a: (b, a),
    "pair": lambda b, a: Pair(b, a),
    "dict": lambda b, a: {"a": a, "b": b},
    "unsorted": lambda b, a: {"b": b, "a": a},
    "nested": lambda b, a: {"w": a, "x": [b, {"k": a}]},
}


def batches(form: str) -> list[tuple[Any, Any, Any]]:
    """Targets, outputs and one weight for each sample."""
    rng = np.random.default_rng(0)
    made = []
    for rows in ROWS:
        arrays = [rng.random((rows, size), "float32") for size in (2, 3, 2, 3)]
        weights = rng.random(rows, "float32")
        made.append((FORMS[form](*arrays[:2]), FORMS[form](*arrays[2:]), weights))
    return made
