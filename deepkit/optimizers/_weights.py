"""Optimizer variables as lists of arrays and as entries of a store."""

import warnings
from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import WeightMismatchError
from deepkit.tensors import Variable


def set_values(variables: Sequence[Variable], weights: Sequence[Any], owner: str) -> None:
    """Assign arrays to variables, after all of them were compared.

    Raises:
        WeightMismatchError: numbers or shapes differ.
    """
    if len(weights) != len(variables):
        raise WeightMismatchError(
            f"Expected {len(variables)} weights for optimizer '{owner}', received {len(weights)}. "
            f"Build it for the same variables, with the same options, as the one they came from."
        )
    for variable, weight in zip(variables, weights):
        if tuple(np.shape(weight)) != tuple(variable.shape):
            raise WeightMismatchError(
                f"Expected a weight of shape {tuple(variable.shape)} for the optimizer variable "
                f"'{variable.path}', received one of shape {tuple(np.shape(weight))}."
            )
    for variable, weight in zip(variables, weights):
        variable.assign(weight)


def save_values(variables: Sequence[Variable], store: MutableMapping[str, Any]) -> None:
    """Write variables under the keys `"0"`, `"1"`…"""
    for i, variable in enumerate(variables):
        store[str(i)] = variable


def load_values(variables: Sequence[Variable], store: MutableMapping[str, Any], owner: str) -> None:
    """Read what `save_values` wrote; warn and change nothing if the numbers of variables differ.

    Raises:
        WeightMismatchError: a shape differs.
    """
    if len(store.keys()) != len(variables):
        warnings.warn(
            f"The state of optimizer '{owner}' was not loaded: it has {len(variables)} variables "
            f"and the saved one has {len(store.keys())}. Training goes on with a fresh state. "
            f"If it was not built yet, call `optimizer.build(model.trainable_variables)` first.",
            stacklevel=3,
        )
        return
    set_values(variables, [np.asarray(store[str(i)]) for i in range(len(variables))], owner)
