"""The recurrences of library cells: what a step computes, and the derivative of a step."""

import abc
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from deepkit import activations
from deepkit.ops._matrix_product import matrix_product

Arrays = tuple[jax.Array, ...]


class CellWeights(NamedTuple):
    """The weights of a cell; gates lie side by side in the last axis."""

    kernel: jax.Array  # (features, gates * units)
    recurrent_kernel: jax.Array  # (units, gates * units)
    bias: jax.Array | None


class DropoutMasks(NamedTuple):
    """What inputs and the state are multiplied by: nothing, one mask, or one for each gate."""

    inputs: Arrays = ()  # (batch, features) each
    state: Arrays = ()  # (batch, units) each


class Recurrence(abc.ABC):
    """The arithmetic of a cell, without its weights; hashable, so that it can be compiled for.

    A step is `states = combine(z, states, rest)`, where the first columns of `z` are those of the
    projected inputs plus the product of `states[0]`, the output, with a recurrent kernel.
    """

    def project(self, inputs: jax.Array, weights: CellWeights, masks: Arrays) -> jax.Array:
        """The part of `z` that depends on the inputs alone, for one step or for many at once."""
        projected = blockwise_product(inputs, weights.kernel, masks)
        return projected if weights.bias is None else projected + weights.bias

    def recurrent_parts(self, weights: CellWeights, masks: Arrays) -> tuple[jax.Array, Arrays, Any]:
        """The kernel that multiplies the state, its masks, and what else `combine` needs."""
        return weights.recurrent_kernel, masks, ()

    @abc.abstractmethod
    def combine(self, z: jax.Array, states: Arrays, rest: Any) -> Arrays:
        """The next states, the output first."""


class UnitwiseRecurrence(Recurrence):
    """A recurrence in which each unit acts on its own columns of `z` and its own states.

    The derivative of a step is given in two parts: `slopes`, worked out for all steps at once, and
    `push`, which is all that is left to do in one step after the other.
    """

    def combine(self, z: jax.Array, states: Arrays, rest: Any) -> Arrays:
        return self.combine_and_keep(z, states)[0]

    @abc.abstractmethod
    def combine_and_keep(self, z: jax.Array, states: Arrays) -> tuple[Arrays, Arrays]:
        """The next states, and what `slopes` needs to know of the step."""

    @abc.abstractmethod
    def slopes(self, kept: Arrays) -> Arrays:
        """The partial derivatives of a step, or of many steps at once."""

    @abc.abstractmethod
    def push(self, slopes: Arrays, d_z: jax.Array, d_states: Arrays) -> Arrays:
        """The derivative of the next states along those of `z` and of the states."""


def acts_as_usual(activation: Any, recurrent_activation: Any) -> bool:
    """Whether candidates pass through `tanh` and gates through `sigmoid`."""
    return activation is activations.tanh and recurrent_activation is activations.sigmoid


def blockwise_product(x: jax.Array, kernel: jax.Array, masks: Arrays) -> jax.Array:
    """`x @ kernel`; with masks, each multiplies `x` for its block of the kernel's columns."""
    if not masks:
        return matrix_product(x, kernel)
    blocks = jnp.split(kernel, len(masks), axis=-1)
    products = [matrix_product(x * mask, block) for mask, block in zip(masks, blocks)]
    return jnp.concatenate(products, axis=-1)
