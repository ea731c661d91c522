"""The recurrences of library cells: what a step computes, the loop over time and its derivative."""

import abc
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

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


def blockwise_product(x: jax.Array, kernel: jax.Array, masks: Arrays) -> jax.Array:
    """`x @ kernel`; with masks, each multiplies `x` for its block of the kernel's columns."""
    if not masks:
        return jnp.matmul(x, kernel)
    blocks = jnp.split(kernel, len(masks), axis=-1)
    products = [jnp.matmul(x * mask, block) for mask, block in zip(masks, blocks)]
    return jnp.concatenate(products, axis=-1)


def run_step(
    recurrence: Recurrence,
    weights: CellWeights,
    inputs: jax.Array,
    states: Arrays,
    masks: DropoutMasks,
) -> Arrays:
    """The states after one step.

    Args:
        recurrence: the arithmetic.
        weights: the cell's.
        inputs: of shape (batch, features).
        states: of shape (batch, units) each.
        masks: for dropout.
    """
    kernel, state_masks, rest = recurrence.recurrent_parts(weights, masks.state)
    projected = recurrence.project(inputs, weights, masks.inputs)
    return _advance(recurrence, projected, states, kernel, rest, state_masks)


def run_sequence(
    recurrence: Recurrence,
    weights: CellWeights,
    sequence: jax.Array,
    states: Arrays,
    masks: DropoutMasks,
    keep: jax.Array | None,
    reverse: bool = False,
    unroll: bool = False,
    stack: bool = True,
) -> tuple[Arrays, jax.Array | None]:
    """The states after all steps, and the outputs of each: one product for all inputs, then a scan.

    Args:
        recurrence: the arithmetic.
        weights: the cell's.
        sequence: of shape (time, batch, features).
        states: at the start, of shape (batch, units) each.
        masks: for dropout, the same in all steps.
        keep: booleans of shape (time, batch, 1); where false, the states stay as they are.
        reverse: whether to start at the end.
        unroll: whether to compile each step for itself.
        stack: whether the outputs are wanted; `None` if not.
    """
    kernel, state_masks, rest = recurrence.recurrent_parts(weights, masks.state)
    projected = recurrence.project(sequence, weights, masks.inputs)
    return _loop(
        recurrence, reverse, unroll, stack, projected, states, kernel, rest, state_masks, keep
    )


run_sequence_compiled = functools.partial(
    jax.jit, static_argnames=("recurrence", "reverse", "unroll", "stack")
)(run_sequence)


def _advance(
    recurrence: Recurrence,
    projected: jax.Array,
    states: Arrays,
    kernel: jax.Array,
    rest: Any,
    masks: Arrays,
) -> Arrays:
    z = _add_to_first(projected, blockwise_product(states[0], kernel, masks))
    new_states = recurrence.combine(z, states, rest)
    return tuple(new.astype(old.dtype) for new, old in zip(new_states, states))


def _add_to_first(z: jax.Array, product: jax.Array) -> jax.Array:
    """`z` with the product added to as many of its first columns as that has."""
    width = product.shape[-1]
    if z.shape[-1] == width:
        return z + product
    return jnp.concatenate([z[..., :width] + product, z[..., width:]], axis=-1)


def _scan(
    recurrence: Recurrence,
    reverse: bool,
    unroll: bool,
    stack: bool,
    projected: jax.Array,
    states: Arrays,
    kernel: jax.Array,
    rest: Any,
    masks: Arrays,
    keep: jax.Array | None,
) -> tuple[Arrays, jax.Array | None]:
    def step(states: Arrays, x: Any) -> tuple[Arrays, jax.Array | None]:
        projected, keep = x
        after = _advance(recurrence, projected, states, kernel, rest, masks)
        if keep is not None:
            after = tuple(jnp.where(keep, new, old) for new, old in zip(after, states))
        return after, after[0] if stack else None

    return jax.lax.scan(step, states, (projected, keep), reverse=reverse, unroll=unroll)


# The loop, with a derivative that is faster than that of a plain scan.
_loop = jax.custom_jvp(_scan, nondiff_argnums=(0, 1, 2, 3))


@_loop.defjvp
def _push_forward(
    recurrence: Recurrence, reverse: bool, unroll: bool, stack: bool, primals: Any, tangents: Any
) -> Any:
    """The derivative of the loop, with the products of the kernel's outside of it.

    JAX would add to the kernel's gradient in each step. But a change of the kernel acts as a
    change of the projected inputs, by its product with the output of the step before:
    `dz = dp + h dR`. So all these products are one, forwards and backwards.
    """
    projected, states, kernel, rest, masks, keep = primals
    d_projected, d_states, d_kernel, d_rest, *_ = tangents

    def at_this_kernel(projected: jax.Array, states: Arrays, rest: Any) -> Any:
        after, outputs = _scan(
            recurrence, reverse, unroll, True, projected, states, kernel, rest, masks, keep
        )
        return (after, outputs if stack else None), outputs

    result, push, outputs = jax.linearize(at_this_kernel, projected, states, rest, has_aux=True)
    before = _outputs_before(states[0], outputs, reverse)  # (time, batch, units)
    d_projected = _add_to_first(d_projected, blockwise_product(before, d_kernel, masks))
    return result, push(d_projected, d_states, d_rest)


def _outputs_before(start: jax.Array, outputs: jax.Array, reverse: bool) -> jax.Array:
    """The output that each step starts from."""
    if reverse:
        return jnp.concatenate([outputs[1:], start[None]])
    return jnp.concatenate([start[None], outputs[:-1]])
