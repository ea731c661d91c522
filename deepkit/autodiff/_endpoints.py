"""What gradients are asked of, and by what."""

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from deepkit.tensors import Variable

from ._recording import has_derivative


def targets_and_cotangents(target: Any, output_gradients: Any) -> tuple[list[Any], list[Any]]:
    """The targets that can be differentiated, and what their gradients are multiplied by.

    Raises:
        ArgumentError: there are not as many output gradients as targets.
        ArgumentTypeError: a target is no array and no variable.
        ShapeError: an output gradient has not the shape of its target.
    """
    targets = [as_target(leaf) for leaf in tree.flatten(target)]
    if output_gradients is None:
        given = [None] * len(targets)
    else:
        given = tree.flatten(output_gradients)
    if len(given) != len(targets):
        raise ArgumentError(
            f"Expected `output_gradients` to have the structure of `target`, with "
            f"{len(targets)} arrays, received {len(given)}."
        )
    pairs = [
        (target, _cotangent(target, gradient))
        for target, gradient in zip(targets, given)
        if warn_unless_differentiable(target, "target")
    ]
    return [target for target, _ in pairs], [cotangent for _, cotangent in pairs]


def as_target(leaf: Any) -> jax.Array:
    """A target as an array.

    Raises:
        ArgumentTypeError: it is no array and no variable.
    """
    if isinstance(leaf, Variable):
        return leaf.stored_value()
    if isinstance(leaf, jax.Array):
        return leaf
    raise ArgumentTypeError(
        f"Expected the target to be made of arrays that were computed inside the tape's block, "
        f"received {leaf!r}."
    )


def _cotangent(target: jax.Array, given: Any) -> jax.Array | np.ndarray:
    if given is None:
        return np.ones(target.shape, target.dtype)
    cotangent = jnp.asarray(given.value if isinstance(given, Variable) else given, target.dtype)
    if cotangent.shape != target.shape:
        raise ShapeError(
            f"Expected an output gradient of the shape of its target, {tuple(target.shape)}, "
            f"received one of shape {tuple(cotangent.shape)}."
        )
    return cotangent


def check_source(leaf: Any) -> None:
    """Raise unless gradients can be asked by something.

    Raises:
        ArgumentTypeError: it is no array and no variable.
    """
    if not isinstance(leaf, (Variable, jax.Array)):
        raise ArgumentTypeError(
            f"Expected the sources to be variables or arrays of JAX, received {leaf!r}. Watch an "
            f"array with `tape.watch`, and ask for the gradient by that same array."
        )
    if isinstance(leaf, jax.Array):
        warn_unless_differentiable(leaf, "source")


def warn_unless_differentiable(array: jax.Array, role: str) -> bool:
    """Whether an array can be differentiated; a warning tells if not."""
    if has_derivative(array):
        return True
    warnings.warn(
        f"A {role} of dtype {array.dtype} has no gradient: expected floats or complex numbers. "
        f"Cast it with `deepkit.ops.cast` before.",
        stacklevel=4,
    )
    return False


def zeros_like_source(source: Any, shape: Sequence[int] = ()) -> jax.Array:
    """Zeros of the shape of a source, with further axes in front."""
    dtype = source.stored_dtype if isinstance(source, Variable) else source.dtype
    return jnp.zeros((*shape, *source.shape), dtype)


def as_input(value: Any) -> Any:
    """A value as compiled programs take it; numbers come as they were given to JAX."""
    if isinstance(value, jax.Array):
        return value
    return np.asarray(value, jax.typeof(value).dtype)
