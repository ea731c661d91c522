"""The loop of recurrent cells over time, and its derivative."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from deepkit.layers._recurrence import (
    Arrays,
    CellWeights,
    DropoutMasks,
    Recurrence,
    UnitwiseRecurrence,
    blockwise_product,
)


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
    return _settle(recurrence.combine(z, states, rest), states)


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
        after = _settle(_advance(recurrence, projected, states, kernel, rest, masks), states, keep)
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
    options = {"reverse": reverse, "unroll": unroll}
    is_unitwise = isinstance(recurrence, UnitwiseRecurrence)
    if is_unitwise:
        after, (outputs, kept) = _scan_and_keep(
            recurrence, projected, states, kernel, masks, keep, options
        )
    else:

        def at_this_kernel(projected: jax.Array, states: Arrays, rest: Any) -> Any:
            after, outputs = _scan(
                recurrence, reverse, unroll, True, projected, states, kernel, rest, masks, keep
            )
            return (after, outputs if stack else None), outputs

        (after, _), push, outputs = jax.linearize(
            at_this_kernel, projected, states, rest, has_aux=True
        )
    before = _outputs_before(states[0], outputs, reverse)  # (time, batch, units)
    d_projected = _add_to_first(d_projected, blockwise_product(before, d_kernel, masks))
    result = after, outputs if stack else None
    if not is_unitwise:
        return result, push(d_projected, d_states, d_rest)
    slopes = recurrence.slopes(kept)
    return result, _push_all(
        recurrence, slopes, d_projected, d_states, kernel, masks, keep, stack, options
    )


def _scan_and_keep(
    recurrence: UnitwiseRecurrence,
    projected: jax.Array,
    states: Arrays,
    kernel: jax.Array,
    masks: Arrays,
    keep: jax.Array | None,
    options: dict[str, Any],
) -> tuple[Arrays, tuple[jax.Array, Arrays]]:
    """The states after all steps; the outputs of each, and what its derivative needs.

    A scan would fill an array with zeros for each that it stacks, and XLA copies them. The largest
    is spared that: what is kept of a step takes the place of its projected inputs.
    """
    count, reverse = projected.shape[0], options["reverse"]

    def step(x: jax.Array, keep: jax.Array | None, states: Arrays) -> tuple[Arrays, Any]:
        z = _add_to_first(x, blockwise_product(states[0], kernel, masks))
        after, kept = recurrence.combine_and_keep(z, states)
        after = _settle(after, states, keep)
        return after, (after[0], kept)

    _, made = jax.eval_shape(step, *_step_of((projected, keep)), states)
    shapes, structure = jax.tree.flatten(made)
    stacks = [jnp.zeros((count, *leaf.shape), leaf.dtype) for leaf in shapes]
    alike = [at for at, leaf in enumerate(shapes) if _is_alike(leaf, _step_of(projected))]
    place = alike[0] if alike else len(stacks)
    stacks[place : place + 1] = [projected]

    def turn(i: Any, carry: tuple[Arrays, list[jax.Array]]) -> tuple[Arrays, list[jax.Array]]:
        states, stacks = carry
        at = count - 1 - i if reverse else i
        x, k = jax.tree.map(
            lambda stack: jax.lax.dynamic_index_in_dim(stack, at, keepdims=False),
            (stacks[place], keep),
        )
        states, made = step(x, k, states)
        values = jax.tree.leaves(made)
        stacked = [
            jax.lax.dynamic_update_index_in_dim(stack, value, at, 0)
            for stack, value in zip(stacks, values)
        ]
        return states, stacked + stacks[len(values) :]

    if count:
        carry = states, stacks
        states, stacks = jax.lax.fori_loop(0, count, turn, carry, unroll=options["unroll"])
    return states, jax.tree.unflatten(structure, stacks[: len(shapes)])


def _step_of(stacks: Any) -> Any:
    """One step of stacked arrays, without values."""
    return jax.tree.map(lambda stack: jax.ShapeDtypeStruct(stack.shape[1:], stack.dtype), stacks)


def _is_alike(one: Any, other: Any) -> bool:
    return (one.shape, one.dtype) == (other.shape, other.dtype)


def _push_all(
    recurrence: UnitwiseRecurrence,
    slopes: Arrays,
    d_projected: jax.Array,
    d_states: Arrays,
    kernel: jax.Array,
    masks: Arrays,
    keep: jax.Array | None,
    stack: bool,
    options: dict[str, Any],
) -> tuple[Arrays, jax.Array | None]:
    """The derivative of the loop along those of the projected inputs and the first states."""
    # A product by the transpose here is a plain product where the derivative runs backwards. The
    # barrier keeps XLA from turning it around again in each step.
    transposed = jax.lax.optimization_barrier(kernel.T)

    def product(d_h: jax.Array) -> jax.Array:
        if masks:
            return blockwise_product(d_h, kernel, masks)
        return jax.lax.dot_general(d_h, transposed, (((1,), (1,)), ((), ())))

    def step(d_states: Arrays, x: Any) -> tuple[Arrays, jax.Array | None]:
        d_projected, slopes, keep = x
        d_z = _add_to_first(d_projected, product(d_states[0]))
        d_after = _settle(recurrence.push(slopes, d_z, d_states), d_states, keep)
        return d_after, d_after[0] if stack else None

    return jax.lax.scan(step, d_states, (d_projected, slopes, keep), **options)


def _settle(new: Arrays, old: Arrays, keep: jax.Array | None = None) -> Arrays:
    """The new states in the dtypes of the old ones, which stay where `keep` is false."""
    new = tuple(after.astype(before.dtype) for after, before in zip(new, old))
    if keep is None:
        return new
    return tuple(jnp.where(keep, after, before) for after, before in zip(new, old))


def _outputs_before(start: jax.Array, outputs: jax.Array, reverse: bool) -> jax.Array:
    """The output that each step starts from."""
    if reverse:
        return jnp.concatenate([outputs[1:], start[None]])
    return jnp.concatenate([start[None], outputs[:-1]])
