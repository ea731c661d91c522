"""Runs a recurrent cell over a sequence: the library's by one product and a scan, others by a scan.

Sequences are time-major here, (time, batch, ...).
"""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit import ops
from deepkit.core import tree
from deepkit.core.errors import ShapeError
from deepkit.layers._dropout_keys import same_masks
from deepkit.layers._layer import Layer
from deepkit.layers._recurrent_cell import RecurrentCell
from deepkit.layers._stacked_rnn_cells import StackedRNNCells, as_list, call_cell


def run_cell(
    cell: Any,
    sequence: jax.Array,
    states: list[Any],
    keep: jax.Array | None,
    training: Any,
    *,
    reverse: bool,
    unroll: bool,
    stack: bool,
) -> tuple[jax.Array | None, jax.Array, list[Any]]:
    """The outputs of all steps, in the order of time, the output of the last one, the states.

    Args:
        cell: any recurrent cell.
        sequence: of shape (time, batch, ...).
        states: at the start.
        keep: booleans of shape (time, batch); where false, states and output stay as they are.
        training: passed on.
        reverse: whether to start at the end.
        unroll: whether to compile each step for itself.
        stack: whether the outputs of all steps are wanted.
    """
    options = {"reverse": reverse, "unroll": unroll}
    if isinstance(cell, StackedRNNCells) and type(cell).call is StackedRNNCells.call:
        return _run_stack(cell, sequence, states, keep, training, stack=stack, **options)
    if isinstance(cell, RecurrentCell) and cell.runs_sequences:
        kept = None if keep is None else keep[..., None]
        after, outputs = cell.run(sequence, states, kept, training, stack=stack, **options)
        return outputs, after[0], after
    return _run_any(cell, sequence, states, keep, training, **options)


def _run_stack(
    stack_of_cells: StackedRNNCells,
    sequence: jax.Array,
    states: list[Any],
    keep: jax.Array | None,
    training: Any,
    *,
    stack: bool,
    **options: bool,
) -> tuple[jax.Array | None, jax.Array, list[Any]]:
    """Each cell over the whole sequence in turn, which gives what stepping through all gives."""
    after = []
    outputs = last = sequence
    for cell, state in zip(stack_of_cells.cells, states):
        wanted = stack or cell is not stack_of_cells.cells[-1]
        outputs, last, new = run_cell(
            cell, outputs, as_list(state), keep, training, stack=wanted, **options
        )
        after.append(tree.pack_sequence_as(state, tree.flatten(new)))
    return outputs, last, after


def _run_any(
    cell: Any,
    sequence: jax.Array,
    states: list[Any],
    keep: jax.Array | None,
    training: Any,
    *,
    reverse: bool,
    unroll: bool,
) -> tuple[jax.Array, jax.Array, list[Any]]:
    def step(states: list[Any], x: Any) -> tuple[list[Any], Any]:
        inputs, keep = x
        output, new = call_cell(cell, inputs, states, training)
        return _keep_states(cell, new, states, keep), output

    inside = cell._flatten_layers() if isinstance(cell, Layer) else []
    dropping = [c for c in inside if training and isinstance(c, RecurrentCell)]
    with same_masks(dropping):
        after, outputs = ops.scan(step, states, (sequence, keep), reverse=reverse, unroll=unroll)
    if keep is not None:
        outputs = _repeat_last(outputs, keep, tree.flatten(states)[0], reverse)
    return outputs, outputs[0 if reverse else -1], after


def _keep_states(cell: Any, new: Any, old: list[Any], keep: jax.Array | None) -> list[Any]:
    """The new states in the form and dtypes of the old ones; the old ones where `keep` is false."""
    flat_new, flat_old = tree.flatten(new), tree.flatten(old)
    shapes_new, shapes_old = ([tuple(s.shape) for s in flat] for flat in (flat_new, flat_old))
    if shapes_new != shapes_old:
        raise ShapeError(
            f"Expected the cell {getattr(cell, 'name', cell)!r} ({type(cell).__name__}) to return "
            f"states of the shapes that it got, {shapes_old}, but it returned {shapes_new}. "
            f"`call` must return `output, states`, and `state_size` must be the states' sizes."
        )
    cast = [n.astype(o.dtype) for n, o in zip(flat_new, flat_old)]
    if keep is not None:
        cast = [jnp.where(_to_rank(keep, n.ndim), n, o) for n, o in zip(cast, flat_old)]
    return tree.pack_sequence_as(old, cast)


def _to_rank(mask: jax.Array, rank: int) -> jax.Array:
    return mask.reshape(mask.shape + (1,) * (rank - mask.ndim))


def _repeat_last(outputs: jax.Array, keep: jax.Array, start: Any, reverse: bool) -> jax.Array:
    """Outputs with that of the last kept step, or the start, in the place of those not kept.

    The first state counts as the output before the start, as in Keras, if it looks like one.
    """
    steps = jnp.arange(keep.shape[0])[:, None]
    if reverse:
        last_kept = jax.lax.cummin(jnp.where(keep, steps, keep.shape[0]), axis=0, reverse=True)
    else:
        last_kept = jax.lax.cummax(jnp.where(keep, steps, -1), axis=0)  # (time, batch)
    is_kept = (last_kept >= 0) & (last_kept < keep.shape[0])
    at = _to_rank(jnp.where(is_kept, last_kept, 0), outputs.ndim)
    same = start.shape == outputs.shape[1:] and start.dtype == outputs.dtype
    before = start if same else jnp.zeros((), outputs.dtype)
    repeated = jnp.take_along_axis(outputs, at, axis=0)
    return jnp.where(_to_rank(is_kept, outputs.ndim), repeated, before)
