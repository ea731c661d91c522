"""Gradients before they are applied: paired with their variables, the missing ones left out."""

import warnings
from collections.abc import Sequence
from typing import Any

import jax

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.tensors import Variable, as_array


def pair_gradients(
    gradients: Sequence[Any], variables: Sequence[Variable]
) -> tuple[list[jax.Array], list[Variable]]:
    """The gradients that exist, as arrays, and their variables.

    Raises:
        ArgumentError: there are more or fewer gradients than variables, or none exists.
        ShapeError: a gradient has not the shape of its variable.
    """
    if len(gradients) != len(variables):
        raise ArgumentError(
            f"Expected one gradient for each variable, received {len(gradients)} gradients "
            f"for {len(variables)} variables."
        )
    missing = [v.path for g, v in zip(gradients, variables) if g is None]
    if len(missing) == len(variables):
        raise ArgumentError(
            f"No gradients provided for any variable: all of them are None, for {missing}. "
            f"Compute the loss from these variables, inside of the gradient tape or the function "
            f"that is differentiated."
        )
    if missing:
        warnings.warn(
            f"Gradients do not exist for the variables {missing}; they stay as they are. "
            f"If this is not meant, check that the loss depends on them.",
            stacklevel=4,
        )
    pairs = [(as_array(g), v) for g, v in zip(gradients, variables) if g is not None]
    for gradient, variable in pairs:
        if gradient.shape != tuple(variable.shape):
            raise ShapeError(
                f"Expected a gradient of shape {tuple(variable.shape)} for the variable "
                f"'{variable.path}', received one of shape {gradient.shape}."
            )
    return [gradient for gradient, _ in pairs], [variable for _, variable in pairs]
