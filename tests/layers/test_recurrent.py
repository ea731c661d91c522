"""SimpleRNN, LSTM and GRU: values beside Keras's, derivatives, dropout, compilation, messages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import deepkit
from deepkit.layers._recurrent_loop import run_sequence_compiled
from tests.oracle import keras, oracle

LIBRARY = ("SimpleRNN", "LSTM", "GRU")
GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(2, 4, 3)).astype("float32")
# A masked start, middle and end.
MASK = np.array([[False, True, False, True], [True, True, True, False]])
STATES = list(GENERATOR.normal(size=(2, 2, 3)).astype("float32"))
# Rounding of float32 over a few steps and short sums.
CLOSE = {"rtol": 2e-5, "atol": 2e-6}

every_layer = pytest.mark.parametrize("name", LIBRARY)


def _states(name):
    return STATES[: 2 if name == "LSTM" else 1]


def _cases():
    backwards = {"go_backwards": True, "return_sequences": True, "return_state": True}
    for name in LIBRARY:
        call = {"initial_state": _states(name), "mask": MASK}
        yield name, backwards, call
        yield name, {"return_sequences": True, "zero_output_for_mask": True}, {"mask": MASK}
        yield name, {"unroll": True, "use_bias": False, "activation": "relu"}, {"mask": MASK}
        yield name, {"dropout": 0.4, "return_sequences": True}, {"training": True}
        yield name, {"dropout": 0.3, "recurrent_dropout": 0.5}, {"training": True}
    yield "LSTM", {"unit_forget_bias": False, "recurrent_activation": "hard_sigmoid"}, {}
    yield (
        "GRU",
        {"reset_after": False, "recurrent_dropout": 0.5, "dropout": 0.2},
        {"training": True},
    )
    yield "GRU", {"reset_after": False, "use_bias": False, "return_sequences": True}, {"mask": MASK}


def _id(value):
    if isinstance(value, dict):
        return "-".join(value) or "plain"
    return value


def _values_and_gradients(layer, x, **call):
    """Outputs, and the gradients of a weighted sum of them, compiled as one."""
    frozen = [v.value for v in layer.non_trainable_variables]

    def loss(trainable, x):
        outputs, _ = layer.stateless_call(trainable, frozen, x, **call)
        leaves = jax.tree.leaves(outputs)
        weights = [jnp.cos(jnp.arange(leaf.size, dtype="float32")) for leaf in leaves]
        return sum(jnp.vdot(o, w) for o, w in zip(leaves, weights)), outputs

    run = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    (_, outputs), gradients = run([v.value for v in layer.trainable_variables], x)
    return outputs, gradients


def _assert_close(actual, expected, **tolerance):
    actual, expected = jax.tree.leaves(actual), jax.tree.leaves(expected)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected):
        np.testing.assert_allclose(a, e, **(tolerance or CLOSE))


@pytest.mark.parametrize(("name", "options", "call"), list(_cases()), ids=_id)
def test_agrees_with_keras(name, options, call):
    layer = getattr(deepkit.layers, name)(3, seed=1, bias_initializer="uniform", **options)
    layer.build(X.shape)
    actual = _values_and_gradients(layer, X, **call)
    with oracle():
        twin = getattr(keras.layers, name)(3, seed=1, **options)
        twin.build(X.shape)
        twin.set_weights(layer.get_weights())
        expected = _values_and_gradients(twin, X, **call)
    _assert_close(actual, expected)


@every_layer
def test_unrolling_changes_no_value(name):
    options = {"return_sequences": True, "return_state": True, "go_backwards": True}
    layer = getattr(deepkit.layers, name)(3, **options)
    twin = getattr(deepkit.layers, name)(3, unroll=True, **options)
    expected = layer(X, mask=MASK, initial_state=_states(name))
    twin.build(X.shape)
    twin.set_weights(layer.get_weights())
    _assert_close(twin(X, mask=MASK, initial_state=_states(name)), expected)


@every_layer
def test_last_output_is_the_end_of_the_sequence(name):
    layer = getattr(deepkit.layers, name)(3, return_sequences=True)
    last = getattr(deepkit.layers, name)(3)
    sequence = layer(X, mask=MASK)
    last.build(X.shape)
    last.set_weights(layer.get_weights())
    _assert_close(last(X, mask=MASK), sequence[:, -1])


@every_layer
def test_a_cell_by_hand_gives_what_its_layer_gives(name):
    layer = getattr(deepkit.layers, name)(3, return_sequences=True)
    expected = layer(X)
    states = layer.cell.get_initial_state(2)
    for step in range(X.shape[1]):
        output, states = layer.cell(X[:, step], states)
        _assert_close(output, expected[:, step])


# Derivatives


def _run(name, **options):
    """A layer as a function of its weights, inputs and first states."""
    layer = getattr(deepkit.layers, name)(3, seed=1, return_sequences=True, **options)
    layer.build(X.shape)
    frozen = [v.value for v in layer.non_trainable_variables]

    def run(weights, x, states):
        call = {"initial_state": states, "mask": MASK, "training": True}
        return layer.stateless_call(weights, frozen, x, **call)[0]

    return run, [v.value for v in layer.trainable_variables]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SimpleRNN", {"go_backwards": True}),
        ("LSTM", {"recurrent_dropout": 0.4}),
        ("GRU", {}),
        ("GRU", {"reset_after": False, "recurrent_dropout": 0.4}),
    ],
    ids=_id,
)
def test_derivatives_of_both_modes_and_second_order(name, options):
    run, weights = _run(name, **options)
    arguments = (weights, jnp.asarray(X), [jnp.asarray(s) for s in _states(name)])
    # Differences of float32 numbers: about 1e-3 of the scale at the first order, more after.
    check_grads(jax.jit(run), arguments, order=1, modes=["fwd", "rev"], atol=5e-3, rtol=5e-3)
    check_grads(jax.jit(run), arguments, order=2, modes=["rev"], atol=5e-2, rtol=5e-2)


def test_works_under_vmap_of_weights_and_gradients():
    run, weights = _run("LSTM")
    several = [jnp.stack([w, 2 * w]) for w in weights]
    gradient = jax.grad(lambda w: jnp.sum(run(w, jnp.asarray(X), STATES) ** 2))
    mapped = jax.vmap(gradient)(several)
    for index in range(2):
        expected = gradient([w[index] for w in several])
        _assert_close([m[index] for m in mapped], expected)


@every_layer
def test_kernel_gradients_are_not_added_up_in_the_loop(name):
    run, weights = _run(name)

    def loss(weights):
        return jnp.sum(run(weights, jnp.asarray(X), _states(name)) ** 2)

    shapes = set()

    def visit(jaxpr):
        for equation in jaxpr.eqns:
            if equation.primitive.name == "scan":
                shapes.update(v.aval.shape for v in equation.outvars)
            for value in equation.params.values():
                for inner in jax.tree.leaves(value, is_leaf=lambda v: hasattr(v, "eqns")):
                    inner = getattr(inner, "jaxpr", inner)
                    if hasattr(inner, "eqns"):
                        visit(inner)

    visit(jax.make_jaxpr(jax.grad(loss))(weights).jaxpr)
    kernel = weights[1].shape  # no loop returns a sum of it
    assert (2, 3) in shapes
    assert kernel not in shapes


# Compilation


@every_layer
def test_a_second_call_compiles_nothing(name):
    layer = getattr(deepkit.layers, name)(3)
    layer(X)
    before = run_sequence_compiled._cache_size()
    twin = getattr(deepkit.layers, name)(3)
    assert not np.allclose(layer(X), twin(X))
    assert run_sequence_compiled._cache_size() == before


def test_an_activation_may_read_a_variable():
    scale = deepkit.Variable(1.0)
    layer = deepkit.layers.SimpleRNN(3, activation=lambda x: scale * deepkit.ops.tanh(x))
    first = np.array(layer(X[:, :1]))
    scale.assign(2.0)
    np.testing.assert_allclose(layer(X[:, :1]), 2 * first, rtol=1e-6)


@every_layer
def test_integers_and_mixed_precision_are_cast(name):
    layer = getattr(deepkit.layers, name)(3, dtype="mixed_bfloat16", return_state=True)
    outputs = layer(np.arange(24).reshape(2, 4, 3))
    assert {leaf.dtype.name for leaf in outputs} == {"bfloat16"}
    assert {w.dtype for w in layer.weights} == {"float32"}


# Dropout


def _echo(**options):
    """A layer that returns its inputs, or twice the last output, as dropout leaves them."""
    return deepkit.layers.SimpleRNN(
        8, None, False, "identity", "identity", return_sequences=True, **options
    )


def test_dropout_has_one_mask_for_all_steps_of_a_call():
    layer = _echo(dropout=0.5, seed=3)
    ones = np.ones((2, 5, 8), "float32")
    first = np.diff(layer(ones, training=True), axis=1)
    assert set(np.unique(first)) == {0.0, 2.0}
    assert (first == first[:, :1]).all()
    second = np.diff(layer(ones, training=True), axis=1)
    assert (first != second).any()
    np.testing.assert_array_equal(layer(ones)[:, -1], 5.0)


def test_recurrent_dropout_has_one_mask_for_all_steps_of_a_call():
    layer = _echo(recurrent_dropout=0.5, seed=3)
    start = np.ones((2, 8), "float32")
    zeros = np.zeros((2, 4, 8), "float32")
    outputs = layer(zeros, initial_state=[start], training=True)
    # Each step keeps a unit and doubles it, or drops it: 2, 4, 8, 16, or nothing.
    kept = np.asarray(outputs[:, 0] > 0)
    assert kept.any()
    assert not kept.all()
    np.testing.assert_array_equal(outputs[:, -1], np.where(kept, 16.0, 0.0))


@pytest.mark.parametrize("rate", ["dropout", "recurrent_dropout"])
def test_dropping_everything_leaves_nothing(rate):
    layer = deepkit.layers.LSTM(2, bias_initializer="ones", **{rate: 1.0})
    first, second = layer(X, training=True), layer(5 * X, training=True)
    if rate == "dropout":
        np.testing.assert_array_equal(first, second)
    assert np.isfinite(first).all()


def test_dropout_repeats_under_a_global_seed_and_differs_under_jit():
    def draw():
        deepkit.utils.set_random_seed(4)
        layer = deepkit.layers.GRU(3, dropout=0.5, recurrent_dropout=0.5)
        return np.array(layer(X, training=True))

    np.testing.assert_array_equal(draw(), draw())
    layer = deepkit.layers.GRU(3, dropout=0.5)
    layer.build(X.shape)
    trainable = [v.value for v in layer.trainable_variables]
    state = [v.value for v in layer.non_trainable_variables]
    step = jax.jit(lambda state: layer.stateless_call(trainable, state, X, training=True))
    first, state = step(state)
    second, _ = step(state)
    assert (first != second).any()


# Arguments


@every_layer
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"units": 0}, "Expected `units` of the layer .* to be an integer of at least 1"),
        ({"units": 2, "dropout": 1.5}, "Expected `dropout` .* a number from 0 to 1"),
        ({"units": 2, "recurrent_dropout": -1}, "Expected `recurrent_dropout` .* from 0 to 1"),
        ({"units": 2, "time_major": True}, "`time_major=True` is no longer offered"),
        ({"units": 2, "use_cudnn": "often"}, "Expected `use_cudnn` .* one of"),
    ],
    ids=str,
)
def test_refuses_bad_arguments(name, options, text):
    with pytest.raises(ValueError, match=text):
        getattr(deepkit.layers, name)(**options)


def test_refuses_masks_and_states_that_do_not_fit():
    layer = deepkit.layers.LSTM(3)
    with pytest.raises(ValueError, match=r"Expected a mask of shape \(2, 4\), \(batch, time\)"):
        layer(X, mask=MASK[:, :3])
    with pytest.raises(ValueError, match=r"Expected 2 states .* sizes \[3, 3\], received 1"):
        layer(X, initial_state=STATES[:1])
    with pytest.raises(ValueError, match="expects an input of rank 3"):
        layer(X[0])


@every_layer
def test_accepts_what_older_configs_hold(name):
    layer = getattr(deepkit.layers, name)(3)
    config = {**layer.get_config(), "time_major": False, "implementation": 2}
    twin = type(layer).from_config(config)
    assert twin.get_config() == layer.get_config()


@every_layer
def test_arguments_of_the_cell_are_the_layers_too(name):
    layer = getattr(deepkit.layers, name)(3, "relu", dropout=0.1, kernel_regularizer="l2")
    with oracle():
        twin = getattr(keras.layers, name)(3, "relu", dropout=0.1, kernel_regularizer="l2")
        expected = twin.get_config()
    mine = layer.get_config()
    assert set(mine) - set(expected) <= {"seed"}
    for key in set(expected) - {"name", "dtype", "cell"}:
        if isinstance(expected[key], str | int | float | bool | None):
            assert mine[key] == expected[key]
            if hasattr(twin, key) and not isinstance(expected[key], str):
                assert getattr(layer, key) == getattr(twin, key)


@every_layer
def test_penalties_come_from_all_parts(name):
    layer = getattr(deepkit.layers, name)(
        3,
        kernel_regularizer="l2",
        recurrent_regularizer="l2",
        bias_regularizer="l2",
        activity_regularizer="l2",
    )
    layer(X)
    assert len(layer.losses) == 4
