"""Decoding of connectionist temporal classification: the likeliest label sequences."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from deepkit.core.errors import ArgumentError
from deepkit.tensors import as_array, operation

from ._promotion import accumulator_dtype
from ._types import TensorLike

_NONE = -1


@operation
def ctc_decode(
    inputs: TensorLike,
    sequence_lengths: TensorLike,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[jax.Array, jax.Array]:
    """Returns likely label sequences and their scores.

    `"greedy"` takes the best class at each step, joins repetitions and drops blanks.
    `"beam_search"` keeps the `beam_width` best sequences, each with all its alignments
    ([Graves & Jaitly, 2014](https://proceedings.mlr.press/v32/graves14.html)).

    Args:
        inputs: logits, `(batch, steps, classes)`.
        sequence_lengths: how many steps of each sequence count, `(batch,)`.
        strategy: `"greedy"` or `"beam_search"`.
        beam_width: how many sequences the search keeps.
        top_paths: how many sequences the search returns.
        merge_repeated: whether the greedy strategy joins repetitions; the search always does.
        mask_index: the class of the blank; the last one if `None`.

    Returns:
        Sequences `(paths, batch, steps)`, with -1 where they are over, and scores
        `(batch, paths)`: the negative sum of the best logits for `"greedy"`, with one path, and
        log probabilities for `"beam_search"`.

    Raises:
        ArgumentError: there is no such strategy, or more paths than sequences are asked for.

    Example:
        >>> import deepkit
        >>> logits = [[[0.0, 3.0], [0.0, 3.0], [3.0, 0.0], [0.0, 3.0]]]
        >>> paths, _ = deepkit.ops.ctc_decode(logits, [4])
        >>> paths.tolist()
        [[[1, 1, -1, -1]]]
    """
    inputs = as_array(inputs)
    inputs = inputs.astype(accumulator_dtype(inputs))
    lengths = as_array(sequence_lengths, "int32")
    if mask_index is None:
        mask_index = inputs.shape[-1] - 1
    if strategy == "greedy":
        return _greedy(inputs, lengths, merge_repeated, mask_index)
    if strategy != "beam_search":
        raise ArgumentError(
            f"Expected `strategy` to be 'greedy' or 'beam_search', received {strategy!r}."
        )
    if not 1 <= top_paths <= beam_width:
        raise ArgumentError(
            f"Expected 1 <= top_paths <= beam_width, received top_paths={top_paths} and "
            f"beam_width={beam_width}."
        )
    log_p = jax.nn.log_softmax(inputs)
    paths, scores = jax.vmap(lambda *one: _search(*one, beam_width, mask_index))(log_p, lengths)
    return jnp.moveaxis(paths[:, :top_paths], 1, 0), scores[:, :top_paths]


def _greedy(
    inputs: jax.Array, lengths: jax.Array, merge_repeated: bool, blank: int
) -> tuple[jax.Array, jax.Array]:
    steps = inputs.shape[1]
    counts = jnp.arange(steps) < lengths[:, None]
    best = jnp.where(counts, jnp.argmax(inputs, axis=-1), blank)
    scores = jnp.where(counts, jnp.max(inputs, axis=-1), 0.0)
    dropped = best == blank
    if merge_repeated:
        dropped |= jnp.pad(best[:, 1:] == best[:, :-1], ((0, 0), (1, 0)))
    order = jnp.argsort(dropped, axis=-1, stable=True)
    labels = jnp.where(dropped, _NONE, best).astype(jnp.int32)
    return jnp.take_along_axis(labels, order, axis=-1)[None], -jnp.sum(scores, axis=1)[:, None]


class _Beams(NamedTuple):
    """Label sequences, best first, and log probabilities of their alignments by last class."""

    labels: jax.Array  # (beams, steps)
    length: jax.Array  # (beams,)
    ends_in_blank: jax.Array  # (beams,)
    ends_in_label: jax.Array  # (beams,)


def _search(
    log_p: jax.Array, length: jax.Array, beam_width: int, blank: int
) -> tuple[jax.Array, jax.Array]:
    """The best sequences of one sample, best first, and their log probabilities."""
    impossible = jnp.full((beam_width,), -jnp.inf, log_p.dtype)
    start = _Beams(
        jnp.full((beam_width, log_p.shape[0]), _NONE, jnp.int32),
        jnp.zeros((beam_width,), jnp.int32),
        impossible.at[0].set(0.0),
        impossible,
    )

    def step(beams: _Beams, now: tuple[jax.Array, jax.Array]) -> tuple[_Beams, None]:
        counts, log_p_now = now
        advanced = _advance(beams, log_p_now, blank)
        return jax.tree.map(lambda new, old: jnp.where(counts, new, old), advanced, beams), None

    counts = jnp.arange(log_p.shape[0]) < length
    beams = lax.scan(step, start, (counts, log_p))[0]
    return beams.labels, jnp.logaddexp(beams.ends_in_blank, beams.ends_in_label)


def _advance(beams: _Beams, log_p: jax.Array, blank: int) -> _Beams:
    width, classes = beams.length.shape[0], log_p.shape[0]
    total = jnp.logaddexp(beams.ends_in_blank, beams.ends_in_label)
    places = jnp.arange(width)
    last = jnp.where(beams.length > 0, beams.labels[places, beams.length - 1], _NONE)

    # A label that repeats the last one is a new one only after a blank.
    repeats = jnp.arange(classes) == last[:, None]
    extended = jnp.where(repeats, beams.ends_in_blank[:, None], total[:, None]) + log_p
    extended = extended.at[:, blank].set(-jnp.inf)

    # Where a beam extended is another beam, its alignments are that beam's.
    is_parent = _parents(beams, last)  # (beams, beams that they are extended to)
    joining = jnp.where(is_parent, extended[:, jnp.maximum(last, 0)], -jnp.inf)
    stay_in_label = jnp.logaddexp(
        beams.ends_in_label + log_p[last], jax.nn.logsumexp(joining, axis=0)
    )
    stay_in_label = jnp.where(beams.length > 0, stay_in_label, -jnp.inf)
    stay_in_blank = total + log_p[blank]
    taken = jnp.any(is_parent[:, :, None] & repeats[None, :, :], axis=1)
    extended = jnp.where(taken, -jnp.inf, extended)

    scores = jnp.concatenate([jnp.logaddexp(stay_in_blank, stay_in_label), extended.ravel()])
    _, chosen = lax.top_k(scores, width)
    stays = chosen < width
    parent = jnp.where(stays, chosen, (chosen - width) // classes)
    label = (chosen - width) % classes
    labels, length = beams.labels[parent], beams.length[parent]
    longer = labels.at[places, length].set(label)
    return _Beams(
        jnp.where(stays[:, None], labels, longer),
        jnp.where(stays, length, length + 1),
        jnp.where(stays, stay_in_blank[parent], -jnp.inf),
        jnp.where(stays, stay_in_label[parent], scores[chosen]),
    )


def _parents(beams: _Beams, last: jax.Array) -> jax.Array:
    """Whether beam `i` and the last label of beam `j` make up beam `j`."""
    steps = jnp.arange(beams.labels.shape[1])
    without_last = jnp.where(steps == beams.length[:, None] - 1, _NONE, beams.labels)
    same = jnp.all(beams.labels[:, None, :] == without_last[None, :, :], axis=-1)
    alive = jnp.logaddexp(beams.ends_in_blank, beams.ends_in_label) > -jnp.inf
    return same & (beams.length > 0)[None, :] & alive[:, None] & alive[None, :]
