"""Variables and gradients that optimizers are run on."""

from typing import Any

import numpy as np

STEPS = 10
SHAPES = {"kernel": (4, 3), "bias": (3,), "embeddings": (4, 3), "head_kernel": (3, 4)}


def initial_values() -> dict[str, np.ndarray]:
    """Weights by name."""
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}


def gradients() -> list[list[np.ndarray]]:
    """A list of gradients for each step; their scale changes, so that clipping acts on some."""
    rng = np.random.default_rng(1)
    scales = np.geomspace(0.03, 3.0, STEPS)
    return [
        [(scale * rng.normal(size=shape)).astype("float32") for shape in SHAPES.values()]
        for scale in scales
    ]


def make_variables(framework: Any) -> list[Any]:
    """The weights as variables of deepkit or Keras."""
    return [framework.Variable(value, name=name) for name, value in initial_values().items()]


def values_of(variables: Any) -> list[np.ndarray]:
    """The values of variables as NumPy arrays."""
    return [np.asarray(variable.value) for variable in variables]
