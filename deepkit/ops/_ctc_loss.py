"""The loss of connectionist temporal classification."""

import jax
import jax.numpy as jnp
from jax import lax

from deepkit.core.errors import ShapeError
from deepkit.tensors import as_array, operation

from ._promotion import accumulator_dtype
from ._types import TensorLike

# The logarithm of an impossible path's probability; finite, so that gradients are too.
_IMPOSSIBLE = -1e5


@operation
def ctc_loss(
    target: TensorLike,
    output: TensorLike,
    target_length: TensorLike,
    output_length: TensorLike,
    mask_index: int = 0,
) -> jax.Array:
    """Returns `-log(p)` of label sequences, `p` summed over all alignments with the time steps.

    [Graves et al., 2006](https://www.cs.toronto.edu/~graves/icml_2006.pdf).

    Args:
        target: numbers of classes, `(batch, labels)`.
        output: logits, `(batch, steps, classes)`.
        target_length: how many labels of each sequence count, `(batch,)`.
        output_length: how many steps of each sequence count, `(batch,)`.
        mask_index: the class of the blank.

    Returns:
        One number for each sequence, in float32 at least.

    Raises:
        ShapeError: the shapes are not those.

    Example:
        >>> import deepkit
        >>> loss = deepkit.ops.ctc_loss([[1]], [[[0.0, 0.0], [0.0, 0.0]]], [1], [2])
        >>> round(loss.item(), 4)  # 3 of 4 paths: -log(3 / 4)
        0.2877
    """
    target, output = as_array(target, "int32"), as_array(output)
    target_length = as_array(target_length, "int32")
    output_length = as_array(output_length, "int32")
    _check_shapes(target, output, target_length, output_length)
    log_p = jax.nn.log_softmax(output.astype(accumulator_dtype(output)))
    states = _with_blanks(target, mask_index)
    emitted = jnp.take_along_axis(log_p, states[:, None, :], axis=-1)  # (batch, steps, states)
    forward = _run_forward(emitted, _may_skip(states), output_length)
    last = 2 * target_length[:, None]
    ending = jnp.take_along_axis(forward, jnp.concatenate([last, last - 1], axis=1), axis=1)
    # Without labels there is one last state only, the blank.
    ending = jnp.where(jnp.concatenate([last >= 0, last > 0], axis=1), ending, _IMPOSSIBLE)
    return -jnp.logaddexp(ending[:, 0], ending[:, 1])


def _check_shapes(
    target: jax.Array, output: jax.Array, target_length: jax.Array, output_length: jax.Array
) -> None:
    batch = target.shape[:1]
    fits = target.ndim == 2 and output.ndim == 3 and output.shape[:1] == batch
    if not fits or target_length.shape != batch or output_length.shape != batch:
        raise ShapeError(
            "Expected `target` (batch, labels), `output` (batch, steps, classes), `target_length` "
            f"(batch,) and `output_length` (batch,); received the shapes {target.shape}, "
            f"{output.shape}, {target_length.shape} and {output_length.shape}."
        )


def _with_blanks(target: jax.Array, blank: int) -> jax.Array:
    """The states of an alignment: a blank, label, blank, ..., label, blank."""
    batch, labels = target.shape
    return jnp.full((batch, 2 * labels + 1), blank, jnp.int32).at[:, 1::2].set(target)


def _may_skip(states: jax.Array) -> jax.Array:
    """Whether a state may follow the one before the last: labels do, that do not repeat it."""
    is_label = jnp.arange(states.shape[1]) % 2 == 1
    return is_label & (states != _shift(states, 2, -1))


def _shift(x: jax.Array, by: int, fill: float) -> jax.Array:
    return jnp.pad(x, ((0, 0), (by, 0)), constant_values=fill)[:, : x.shape[1]]


def _run_forward(emitted: jax.Array, may_skip: jax.Array, output_length: jax.Array) -> jax.Array:
    """log(p) of being in each state after the last step that counts."""

    def step(before: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        index, log_p = now
        skipped = jnp.where(may_skip, _shift(before, 2, _IMPOSSIBLE), _IMPOSSIBLE)
        moved = jnp.logaddexp(_shift(before, 1, _IMPOSSIBLE), skipped)
        after = jnp.logaddexp(before, moved) + log_p
        return jnp.where((index < output_length)[:, None], after, before), None

    # Before the first step all is in the first blank, from which the first label may follow.
    start = jnp.full(emitted.shape[::2], _IMPOSSIBLE, emitted.dtype).at[:, 0].set(0.0)
    steps = jnp.arange(emitted.shape[1])
    return lax.scan(step, start, (steps, jnp.moveaxis(emitted, 1, 0)))[0]
