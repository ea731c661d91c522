"""The proof that a program acts row by row: what it sees, and that what it says is so."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from deepkit import ops
from deepkit.training._row_wise import is_row_wise

ROWS, FEWER = 8, 5
X = np.random.default_rng(0).normal(size=(ROWS, 3, 4)).astype("float32")
WEIGHTS = np.random.default_rng(1).normal(size=(4, 4)).astype("float32")
INDICES = np.array([2, 0])


def program(function, rows=ROWS):
    return jax.make_jaxpr(function)(X[:rows])


def proves(function):
    """Whether the proof holds, alone and with the program for fewer rows."""
    return (
        is_row_wise(program(function), 1),
        is_row_wise(program(function), 1, program(function, FEWER)),
    )


def padded(x):
    return np.concatenate([x, np.repeat(x[-1:], ROWS - len(x), axis=0)])


def assert_rows_stay_the_same(function):
    """The first rows of a padded batch give what they give alone."""
    wide = jax.tree.leaves(jax.jit(function)(padded(X[:FEWER])))
    exact = jax.tree.leaves(jax.jit(function)(X[:FEWER]))
    for one, two in zip(wide, exact):
        # Float32 sums of a dozen products, in another order.
        np.testing.assert_allclose(one[:FEWER], two, rtol=1e-5, atol=1e-5)


def turns(count, body):
    return lambda x: lax.fori_loop(0, count, lambda _, carry: body(carry), x)


def recurrence(x):
    state = jnp.zeros((x.shape[0], 4))

    def turn(state, x):
        state = jnp.tanh(state @ WEIGHTS + x)
        return state, state

    last, states = lax.scan(turn, state, jnp.swapaxes(x, 0, 1))
    return last, jnp.swapaxes(states, 0, 1)


def over_time_first(x):
    """A product with time and rows merged into one axis, as recurrent layers have it."""
    flat = jnp.swapaxes(x, 0, 1).reshape(-1, 4) @ WEIGHTS
    return jnp.swapaxes(flat.reshape(3, -1, 4), 0, 1)


@jax.custom_jvp
def with_derivative(x):
    return jnp.sin(x)


with_derivative.defjvp(lambda x, t: (jnp.sin(x[0]), jnp.cos(x[0]) * t[0]))


def unroll(x):
    return functools.reduce(lambda y, i: y.at[:, i].multiply(y[:, 0]), range(3), x)


ROW_WISE = {
    "curve": lambda x: jnp.exp(-jnp.square(x)),
    "several_outputs": lambda x: {"a": x + 1, "b": [x[:, 0], x.sum((1, 2))]},
    "bias": lambda x: x + np.arange(4, dtype="float32"),
    "product": lambda x: x @ WEIGHTS,
    "product_of_rows": lambda x: jnp.einsum("bij,bkj->bik", x, x),
    "flatten": lambda x: x.reshape(len(x), -1),
    "merged_and_parted": lambda x: (x.reshape(-1, 4) @ WEIGHTS).reshape(-1, 3, 4),
    "over_time_first": over_time_first,
    "moved_and_back": lambda x: jnp.moveaxis(jnp.moveaxis(x, 0, 2) * 2.0, 2, 0),
    "softmax": lambda x: jax.nn.softmax(x),
    "mean_of_a_row": lambda x: x - x.mean((1, 2), keepdims=True),
    "sum_along_others": lambda x: jnp.cumsum(x, axis=1),
    "sort_of_a_row": lambda x: jnp.sort(x, axis=2),
    "largest": lambda x: lax.top_k(x, 2),
    "argmax": lambda x: jnp.argmax(x, axis=1),
    "reversed_features": lambda x: x[:, ::-1],
    "rolled_features": lambda x: jnp.roll(x, 1, axis=1),
    "padded_features": lambda x: jnp.pad(x, ((0, 0), (1, 1), (0, 0))),
    "joined_features": lambda x: jnp.concatenate([x, 2 * x], axis=2),
    "parted_features": lambda x: jnp.split(x, 2, axis=2),
    "window": lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 1), (1, 1, 1), "SAME"),
    "convolution": lambda x: ops.conv(x, np.ones((2, 4, 5), "float32"), padding="same"),
    "pooling": lambda x: ops.max_pool(x, 2, padding="same"),
    "native_convolution": lambda x: lax.conv_general_dilated(
        x, np.ones((2, 4, 5), "float32"), (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")
    ),
    "features_by_number": lambda x: x[:, INDICES],
    "table": lambda x: jnp.asarray(WEIGHTS)[jnp.argmax(x, axis=2)],
    "along_features": lambda x: jnp.take_along_axis(x, jnp.argmax(x, 2, keepdims=True), axis=2),
    "set_features": unroll,
    "dynamic_slice": lambda x: lax.dynamic_slice_in_dim(x, 1, 2, axis=1),
    "dynamic_update": lambda x: lax.dynamic_update_slice_in_dim(x, 2 * x[:, :1], 1, axis=1),
    "chosen": lambda x: jnp.where(x > 0, x, 0.0),
    "clipped": lambda x: lax.clamp(0.0, x, 1.0),
    "one_hot": lambda x: jax.nn.one_hot(jnp.argmax(x, axis=2), 4),
    "with_constants": lambda x: jnp.concatenate([x, jnp.zeros_like(x)], axis=2),
    "loop": turns(3, lambda y: y * 2.0),
    "loop_over_features": lambda x: turns(3, lambda y: y + x[:, 0])(jnp.zeros_like(x[:, 0])),
    "recurrence": recurrence,
    "derivative": with_derivative,
    "checkpoint": jax.checkpoint(lambda x: jnp.sin(x) @ WEIGHTS),
    "branches": lambda x: lax.cond(jnp.sum(WEIGHTS) > 0, lambda y: y + 1, lambda y: y - 1, x),
    "vmap": jax.vmap(lambda row: row @ WEIGHTS + row.mean()),
    "vmapped_solve": jax.vmap(lambda row: jnp.linalg.cholesky(row @ row.T + 9 * jnp.eye(3))),
    "gradient": lambda x: jax.grad(lambda y: jnp.sum(jnp.tanh(y @ WEIGHTS)))(x),
    "spectrum": lambda x: jnp.abs(jnp.fft.rfft(x)),
}

MIXING = {
    "batch_mean": lambda x: x - x.mean(0),
    "mean_of_all": lambda x: x / x.mean(),
    "softmax_over_rows": lambda x: jax.nn.softmax(x, axis=0),
    "rolled_rows": lambda x: jnp.roll(x, 1, axis=0),
    "reversed_rows": lambda x: x[::-1],
    "cumsum_over_rows": lambda x: jnp.cumsum(x, axis=0),
    "sorted_rows": lambda x: jnp.sort(x, axis=0),
    "largest_of_rows": lambda x: lax.top_k(x.T, 2)[0].T,
    "shuffled_rows": lambda x: x[np.arange(len(x))[::-1]],
    "rows_by_number": lambda x: x[jnp.argmax(x[:, 0], axis=1)],
    "row_numbers": lambda x: x + jnp.arange(len(x), dtype="float32")[:, None, None],
    "constants_by_row": lambda x: x * np.linspace(0, 1, len(x), dtype="float32")[:, None, None],
    "noise_by_row": lambda x: x + jax.random.normal(jax.random.key(0), x.shape),
    "merged": lambda x: x.reshape(-1, 4),
    "rows_behind_features": lambda x: jnp.moveaxis(x, 0, 1),
    "rows_parted_wrongly": lambda x: x.reshape(4, -1, 3).reshape(-1, 3, 4).swapaxes(0, 1),
    "half_of_the_rows": lambda x: x[: len(x) // 2],
    "every_other_row": lambda x: x[::2],
    "shifted_rows": lambda x: jnp.pad(x[1:], ((0, 1), (0, 0), (0, 0))),
    "joined_rows": lambda x: jnp.concatenate([x, x]),
    "products_of_rows": lambda x: jnp.einsum("bij,cij->bc", x, x),
    "contracted_rows": lambda x: jnp.einsum("bij,bkl->ijkl", x, x),
    "first_row": lambda x: x - x[:1],
    "set_row": lambda x: x.at[0].set(1.0),
    "window_over_rows": lambda x: lax.reduce_window(x, 0.0, lax.add, (2, 1, 1), (1, 1, 1), "SAME"),
    "filter_of_rows": lambda x: lax.conv_general_dilated(
        np.ones((2, 3, 6), "float32"), x, (1,), "SAME"
    ),
    "scan_over_rows": lambda x: lax.scan(lambda c, row: (c + row, c), jnp.zeros((3, 4)), x)[1],
    "until_all_are_large": lambda x: lax.while_loop(lambda y: jnp.any(y < 3), lambda y: y + 1, x),
    "branch_by_rows": lambda x: lax.cond(x[0, 0, 0] > 0, lambda y: y, lambda y: -y, x),
    "mixing_branch": lambda x: lax.cond(
        jnp.sum(WEIGHTS) > 0, lambda y: y, lambda y: y - y.mean(0), x
    ),
    "mixing_in_the_second_turn": lambda x: lax.fori_loop(
        0, 2, lambda _, c: (c[0] + c[1], c[0].mean(0) * jnp.ones_like(x)), (x, x)
    )[0],
    "callback": lambda x: jax.pure_callback(lambda y: y, x, x),
    "host_effect": lambda x: [x, jax.debug.callback(print, x.mean())][0],
    "no_rows": lambda x: jnp.ones(3),
    "as_many_entries_as_rows": lambda x: [x, jnp.ones((ROWS, 3))],
    "scalar": lambda x: x.sum(),
}

# Row by row for one number of rows, and not the same for another one.
DEPENDING_ON_THE_NUMBER = {
    "divided": lambda x: x / len(x),
    "power": lambda x: x ** len(x),
    "branch": lambda x: 2 * x if len(x) > 6 else x,
    "turns": lambda x: turns(len(x), lambda y: y * 2.0)(x),
    "scanned": lambda x: lax.scan(lambda c, _: (c + x, None), x, None, length=len(x))[0],
    "count": lambda x: x * jnp.sum(jnp.ones(len(x))),
    "constant": lambda x: x * np.float32(len(x)) * np.ones(4, "float32"),
    "inside_of_a_call": lambda x: jax.jit(lambda y: y / len(y))(x),
    "more_columns": lambda x: (x[:, 0] @ jnp.ones((4, len(x)))).sum(1),
    "product_of_ones": lambda x: x * (jnp.ones(len(x)) @ jnp.ones(len(x))),
}


@pytest.mark.parametrize("name", ROW_WISE)
def test_what_acts_row_by_row(name):
    assert proves(ROW_WISE[name]) == (True, True)
    assert_rows_stay_the_same(ROW_WISE[name])


@pytest.mark.parametrize("name", MIXING)
def test_what_mixes_rows(name):
    assert proves(MIXING[name]) == (False, False)


@pytest.mark.parametrize("name", DEPENDING_ON_THE_NUMBER)
def test_what_depends_on_the_number_of_rows(name):
    alone, beside = proves(DEPENDING_ON_THE_NUMBER[name])
    assert alone and not beside


def test_sizes_that_happen_to_be_equal_do_not_count():
    """Weights with as many entries as there are rows are no rows."""
    weights = np.random.default_rng(2).normal(size=(ROWS, ROWS)).astype("float32")
    table = jax.make_jaxpr(lambda x: x @ weights)
    wide, exact = (np.ones((rows, ROWS), "float32") for rows in (ROWS, FEWER))
    assert is_row_wise(table(wide), 1, table(exact))
    assert not is_row_wise(jax.make_jaxpr(lambda x: weights @ x)(wide), 1)


def test_arguments_before_the_batch_have_no_rows():
    def function(weights, x, y):
        return x @ weights + y

    made = jax.make_jaxpr(function)(np.ones((ROWS, 3)), np.ones((ROWS, ROWS)), np.ones((ROWS, 3)))
    assert is_row_wise(made, 2)
    assert not is_row_wise(made, 1)


@pytest.mark.parametrize("shapes", [((1, 3), (1, 3)), ((4, 3), (5, 3)), ((4, 3), ())])
def test_batches_without_common_rows(shapes):
    arrays = [np.ones(shape, "float32") for shape in shapes]
    assert not is_row_wise(jax.make_jaxpr(lambda *a: a[0] * 2)(*arrays), 2)


# Chains of steps, each of a batch of any shape.


def _merge(x):
    return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:]) if x.ndim > 1 else x


STEPS = [
    lambda x: jnp.sin(x),
    lambda x: x * 2 + jnp.ones(x.shape[-1], x.dtype),
    lambda x: jnp.moveaxis(x, 0, -1),
    lambda x: jnp.moveaxis(x, -1, 0),
    lambda x: jnp.swapaxes(x, 0, 1) if x.ndim > 1 else x,
    _merge,
    lambda x: x.reshape(x.shape[0], -1),
    lambda x: x.reshape(-1, x.shape[-1]),
    lambda x: x.reshape(*x.shape[:-1], 2, -1) if x.shape[-1] % 2 == 0 else x,
    lambda x: x.reshape(-1, 3, 4) if x.size % 12 == 0 else x,
    lambda x: x.reshape(3, -1, 4) if x.size % 12 == 0 else x,
    lambda x: x[:, None],
    lambda x: x.sum(0, keepdims=True) + x,
    lambda x: x.max(-1, keepdims=True) - x,
    lambda x: x.mean(-1) if x.ndim > 1 else x,
    lambda x: jnp.cumsum(x, axis=-1),
    lambda x: jnp.roll(x, 1, axis=-1),
    lambda x: jnp.sort(x, axis=0),
    lambda x: x[..., ::-1],
    lambda x: x[..., :1],
    lambda x: jnp.concatenate([x, -x], axis=-1),
    lambda x: jnp.einsum("...i,...i->...", x, x) if x.ndim > 1 else x,
    lambda x: jnp.tensordot(x, x[..., :1], axes=(0, 0)) if x.ndim > 1 else x,
    lambda x: x @ WEIGHTS if x.shape[-1] == 4 else x,
    lambda x: jnp.take_along_axis(x, jnp.argsort(x, axis=-1), axis=-1),
    lambda x: x[..., INDICES] if x.shape[-1] > 2 else x,
    lambda x: x.at[..., 0].add(1.0),
    lambda x: x + jnp.zeros((x.shape[0], *[1] * (x.ndim - 1))),
    lambda x: lax.scan(lambda c, y: (c + y, c * y), jnp.zeros(x.shape[1:]), x)[1],
    lambda x: jnp.tril(x) if x.ndim > 1 else x,
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=6))
def test_chains_that_are_proven_keep_their_rows(steps):
    def function(x):
        return functools.reduce(lambda y, step: step(y), steps, x)

    try:
        wide, exact = program(function), program(function, FEWER)
    except (TypeError, ValueError, ZeroDivisionError):  # shapes that do not fit
        return
    if is_row_wise(wide, 1, exact):
        assert_rows_stay_the_same(function)
