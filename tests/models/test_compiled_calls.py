"""Calls of models as compiled programs: the same results, and when they may not be compiled."""

import copy
import functools
import gc
import threading
import types
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.layers import (
    LSTM,
    BatchNormalization,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Lambda,
    Layer,
)
from deepkit.tensors import operation
from tests.layers.catalogue import ROWS

X = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
# Sums of few float32 numbers in another order.
CLOSE = {"rtol": 2e-6, "atol": 2e-6}


def chain(*layers, shape=(6,), **kwargs):
    return deepkit.Sequential([deepkit.Input(shape, **kwargs), *layers])


def programs(model):
    return list(model._compiled_calls._programs.values())


def traces(model):
    return sum(program.traces for program in programs(model))


def eagerly(model, *args, **kwargs):
    model.run_eagerly = True
    try:
        return model(*args, **kwargs)
    finally:
        model.run_eagerly = False


def state(model):
    return [np.array(variable.value) for variable in model.variables]


def restore(model, values):
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)


def warm(model, *args, **kwargs):
    """Call it until it is compiled."""
    for _ in range(2):
        outputs = model(*args, **kwargs)
    assert traces(model) >= 1
    return outputs


def assert_same_outputs(actual, expected):
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    for a, e in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert isinstance(a, jax.Array)
        assert (a.shape, a.dtype, a.weak_type) == (e.shape, e.dtype, e.weak_type)
        np.testing.assert_allclose(a.astype("float32"), e.astype("float32"), **CLOSE)


def assert_same_call(model, *args, **kwargs):
    """A compiled call and an eager one from the same state give the same, and leave the same."""
    model(*args, **kwargs)
    before = state(model)
    compiled = model(*args, **kwargs)
    assert traces(model) == 1
    after = state(model)
    restore(model, before)
    expected = eagerly(model, *args, **kwargs)
    assert_same_outputs(compiled, expected)
    for a, e in zip(after, state(model), strict=True):
        np.testing.assert_allclose(a, e, **CLOSE)
    return compiled


# Results

SMALL = [row for row in ROWS if row.name != "ActivityRegularization"][::6]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("row", SMALL, ids=str)
def test_layers_give_what_they_give_eagerly(row, training):
    inputs = row.make_inputs()
    symbols = jax.tree.map(lambda a: deepkit.Input(batch_shape=a.shape, dtype=a.dtype.name), inputs)
    outputs = row.make(deepkit.layers)(symbols, **row.call)
    assert_same_call(deepkit.Model(symbols, outputs), inputs, training=training)


def test_dropout_goes_on_with_its_seed():
    def make():
        model = chain(Dense(5), Dropout(0.5, seed=1), GaussianNoise(0.3, seed=2))
        model.layers[0].kernel.assign(np.linspace(-1, 1, 30).reshape(6, 5))
        return model

    compiled, eager = make(), make()
    eager.run_eagerly = True
    for _ in range(4):
        np.testing.assert_allclose(compiled(X, training=True), eager(X, training=True), **CLOSE)
    assert traces(compiled) == 1


def test_numbers_of_the_global_generator_go_on():
    x = deepkit.Input((6,))
    model = deepkit.Model(x, deepkit.random.dropout(x, 0.5))

    def outputs(eager):
        deepkit.utils.set_random_seed(5)
        model.run_eagerly = eager
        return [np.array(model(X)) for _ in range(4)]

    for _ in range(2):
        np.testing.assert_allclose(outputs(False), outputs(True), **CLOSE)
    assert traces(model) == 1


def test_moving_averages_come_back():
    model = chain(Dense(3), BatchNormalization(momentum=0.5))
    assert_same_call(model, X, training=True)
    mean = np.array(model.layers[1].moving_mean)
    model(X, training=True)
    assert not np.allclose(mean, model.layers[1].moving_mean)
    np.testing.assert_array_equal(mean.shape, (3,))


def test_masks_go_through_and_come_out():
    model = chain(
        Embedding(9, 4, mask_zero=True), LSTM(3, return_sequences=True), shape=(5,), dtype="int32"
    )
    x = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 0]], "int32")
    outputs = assert_same_call(model, x)
    np.testing.assert_array_equal(deepkit.tensors.get_mask(outputs), x != 0)
    # The mask travels on into a layer that is called on the outputs.
    last = LSTM(2)
    np.testing.assert_allclose(last(outputs), last(eagerly(model, x)), **CLOSE)


def test_inputs_with_a_mask_run_eagerly():
    embedded = Embedding(9, 4, mask_zero=True)(np.array([[1, 2, 0]], "int32"))
    model = chain(LSTM(3), shape=(3, 4))
    assert_same_outputs(model(embedded), model(embedded))
    assert not programs(model)


@pytest.mark.parametrize(
    "given",
    [
        lambda: [X, X[:, :2]],
        lambda: (jnp.asarray(X), X[:, :2].astype("float64")),
        lambda: {"a": X, "b": X[:, :2]},
        lambda: {"b": X[:, :2], "a": X},
    ],
)
def test_several_inputs_and_outputs(given):
    a, b = deepkit.Input((6,), name="a"), deepkit.Input((2,), name="b")
    shared = Dense(3)
    both = deepkit.layers.concatenate([shared(a), b])
    model = deepkit.Model([a, b], {"z": Dense(1)(both), "y": [shared(a * 2.0), b]})
    outputs = assert_same_call(model, given())
    assert list(outputs) == ["z", "y"]


def test_nested_models_and_shared_layers():
    inner = chain(Dense(6, activation="tanh"), BatchNormalization())
    x = deepkit.Input((6,))
    model = deepkit.Model(x, inner(inner(x)) + deepkit.ops.sum(x, axis=-1, keepdims=True))
    assert_same_call(model, X, training=True)
    assert not programs(inner)


def test_a_stateful_layer_keeps_its_state():
    def outputs(eager):
        deepkit.utils.set_random_seed(1)
        x = deepkit.Input(batch_shape=(2, 3, 4))
        layer = LSTM(3, stateful=True, return_state=True)
        model = deepkit.Model(x, layer(x))
        model.run_eagerly = eager
        given = np.ones((2, 3, 4), "float32")
        found = [model(given) for _ in range(4)]
        layer.reset_state()
        found.append(model(given))
        return jax.tree.map(np.array, found), model

    compiled, model = outputs(False)
    assert traces(model) == 1
    for c, e in zip(jax.tree.leaves(compiled), jax.tree.leaves(outputs(True)[0]), strict=True):
        np.testing.assert_allclose(c, e, **CLOSE)


def test_outputs_outlive_training():
    x = deepkit.Input(batch_shape=(2, 3, 4))
    model = deepkit.Model(x, LSTM(3, stateful=True, return_state=True)(x)[1])
    model.compile(optimizer="sgd", loss="mse")
    given = np.ones((2, 3, 4), "float32")
    outputs = warm(model, given)
    copy = np.array(outputs)
    model.fit(given, np.ones((2, 3), "float32"), batch_size=2, epochs=2, verbose=0)
    np.testing.assert_array_equal(outputs, copy)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float16"])
def test_dtype_policies(policy):
    model = chain(Dense(3, dtype=policy), Dense(2, dtype=policy))
    outputs = warm(model, X)
    assert_same_outputs(outputs, eagerly(model, X))


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "int8", "bool", ">f4"])
def test_dtypes_of_numpy(dtype):
    model = chain(deepkit.layers.Reshape((3, 2)))
    x = X.astype(dtype)
    assert_same_outputs(warm(model, x), eagerly(model, x))


def test_no_rows():
    model = chain(Dense(3))
    assert warm(model, X[:0]).shape == (0, 3)


def test_losses_are_those_of_the_last_call():
    model = chain(Dense(3, kernel_regularizer="l2"))
    warm(model, X)
    assert len(model.losses) == 1
    model.layers[0].add_loss(jnp.float32(3.0))
    assert len(model.losses) == 2
    model(X)
    assert len(model.losses) == 1
    model = chain(Dense(3, activity_regularizer="l2"))
    for scale in (1.0, 2.0, 3.0):
        model(X * scale)
        expected = deepkit.regularizers.l2()(model.layers[0](X * scale)) / len(X)
        np.testing.assert_allclose(model.losses, [expected], rtol=1e-6)
    assert not programs(model)


# What programs depend on


def test_a_call_is_compiled_when_it_comes_again():
    model = chain(Dense(3))
    model(X)
    assert not programs(model)
    for _ in range(3):
        model(X)
        model(jnp.asarray(X))
    assert traces(model) == 1
    for _ in range(3):
        model(X[:2])
        model(X[:2], training=True)
    assert traces(model) == 3


def test_large_models_wait_longer():
    model = chain(*(Dense(2) for _ in range(40)))
    compiled = []
    for _ in range(5):
        model(X)
        compiled.append(traces(model))
    assert compiled == [0, 0, 0, 1, 1]


def test_new_values_of_weights_are_data():
    model = chain(Dense(3, use_bias=False))
    model.compile(optimizer="sgd", loss="mse")
    warm(model, X)
    model.layers[0].kernel.assign(np.ones((6, 3)))
    np.testing.assert_allclose(model(X), np.tile(X.sum(1)[:, None], 3), **CLOSE)
    model.set_weights([np.zeros((6, 3))])
    np.testing.assert_array_equal(model(X), np.zeros((4, 3)))
    model.fit(X, np.ones((4, 3)), epochs=2, verbose=0)
    assert_same_outputs(model(X), eagerly(model, X))
    assert traces(model) == 1


def _freeze(model):
    model.layers[2].trainable = False


def _new_rate(model):
    model.layers[1].rate = 0.9


def _new_activation(model):
    model.layers[0].activation = deepkit.activations.relu


def _new_policy(model):
    model.layers[0].dtype_policy = "bfloat16"


def _new_variable(model):
    model.layers[0].bias = deepkit.Variable(np.ones(5, "float32"))


def _changed_list(model):
    model.layers[2].axis = [1]


def _past_setattr(model):
    object.__setattr__(model.layers[1], "rate", 0.9)


def _new_layer(model):
    model.add(Dense(2))


def _fewer_layers(model):
    model.pop()


def _new_epsilon(model):
    model.layers[2].epsilon = 1.0


@pytest.mark.parametrize(
    "change",
    [
        _freeze,
        _new_rate,
        _new_activation,
        _new_policy,
        _new_variable,
        _changed_list,
        _past_setattr,
        _new_layer,
        _fewer_layers,
        _new_epsilon,
    ],
)
def test_a_change_takes_effect_at_once(change):
    model = chain(Dense(5), Dropout(0.1, seed=1), BatchNormalization())
    warm(model, X, training=True)
    change(model)
    for _ in range(3):
        before = state(model)
        outputs = model(X, training=True)
        restore(model, before)
        assert_same_outputs(outputs, eagerly(model, X, training=True))


def test_a_layer_that_is_set_back_finds_its_program():
    model = chain(Dense(5), BatchNormalization())
    for trainable in (True, True, False, False, True, False, True):
        model.layers[1].trainable = trainable
        model(X, training=True)
    assert traces(model) == 2


def test_lists_that_are_changed_in_place_are_seen():
    inner = [Dense(3, use_bias=False)]
    x = deepkit.Input((6,))
    layer = deepkit.layers.StackedRNNCells([deepkit.layers.SimpleRNNCell(3)])
    sequence = deepkit.layers.Reshape((1, 6))(x)
    model = deepkit.Model(x, deepkit.layers.RNN(layer)(sequence))
    warm(model, X)
    key = model._trainer.call_state().snapshot.key
    layer.cells.append(inner[0])
    assert model._trainer.call_state().snapshot.key != key


def test_settings_of_the_process_are_part_of_the_program():
    model = chain(Dense(3, activation="softmax"))
    warm(model, X)
    key = model._trainer.call_state().snapshot.key
    try:
        deepkit.config.set_floatx("float16")
        assert model._trainer.call_state().snapshot.key != key
        assert_same_outputs(model(X), eagerly(model, X))
    finally:
        deepkit.config.set_floatx("float32")
    assert model._trainer.call_state().snapshot.key == key


def test_settings_of_jax_are_part_of_the_program():
    model = chain(Dense(3))
    warm(model, X)
    with jax.default_matmul_precision("highest"):
        model(X)
    assert traces(model) == 2


def test_a_class_that_is_changed_is_seen(monkeypatch):
    model = chain(Dense(3))
    warm(model, X)
    calls = []
    monkeypatch.setattr(Dense, "call", lambda self, inputs: calls.append(1) or inputs * 2)
    for count in (1, 2, 3):
        np.testing.assert_array_equal(model(X), X * 2)
        assert len(calls) == count


# What has to run eagerly


class Counting(Layer):
    calls = 0

    def call(self, x):
        type(self).calls += 1
        return x * 1.0


def _count(x):
    Counting.calls += 1
    return x


def _counting():
    """A function that no other test has given attributes."""
    return lambda x: _count(x)


def _counting_without_module():
    return types.FunctionType(_count.__code__, {"Counting": Counting})


class _CountingActivation:
    def __call__(self, x):
        return _count(x)


@pytest.mark.parametrize(
    "make",
    [
        Counting,
        lambda: Dense(3, activation=_count),
        lambda: Dense(3, activation=_CountingActivation()),
        lambda: Lambda(_count),
        lambda: deepkit.layers.Activation(_count),
        lambda: deepkit.layers.Activation(jax.tree_util.Partial(_count)),
        lambda: deepkit.layers.Activation(functools.wraps(deepkit.activations.relu)(_counting())),
        lambda: deepkit.layers.Activation(operation(_count)),
        lambda: deepkit.layers.Activation(_counting_without_module()),
        lambda: deepkit.layers.Activation(Counting().__call__),
        lambda: chain(Dense(6), Lambda(_count)),
    ],
)
def test_code_of_the_user_runs_in_each_call(make):
    model = chain(Dense(6), make())
    Counting.calls = 0
    for count in (1, 2, 3, 4):
        model(X)
        assert Counting.calls == count
    assert not programs(model)


def test_a_call_that_is_put_on_one_layer_runs_in_each_call():
    model = chain(Dense(6))
    warm(model, X)
    Counting.calls = 0
    model.layers[0].call = _count
    for count in (1, 2, 3):
        np.testing.assert_array_equal(model(X), X)
        assert Counting.calls == count


def test_subclasses_run_eagerly():
    class Own(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense, self.calls = Dense(2), 0

        def call(self, x):
            self.calls += 1
            return self.dense(x)

    class OwnSequential(deepkit.Sequential):
        pass

    model = Own()
    for count in (1, 2, 3):
        model(X)
        assert model.calls == count
    assert OwnSequential([Dense(2)])._compiled_calls is None


def test_arrays_that_are_part_of_the_model_may_change_in_place():
    offset = np.zeros(6, "float32")
    x = deepkit.Input((6,))
    model = deepkit.Model(x, deepkit.ops.add(x, offset))
    for _ in range(3):
        np.testing.assert_array_equal(model(X), X + offset)
        offset += 1


def test_variables_that_belong_to_nothing_are_read_in_each_call():
    offset = deepkit.Variable(np.zeros(6, "float32"))
    x = deepkit.Input((6,))
    model = deepkit.Model(x, deepkit.ops.add(x, offset))
    for _ in range(3):
        np.testing.assert_array_equal(model(X), X + np.array(offset))
        offset.assign_add(np.ones(6))


@pytest.mark.parametrize("switch", ["jax_disable_jit", "jax_debug_nans", "jax_debug_infs"])
def test_switches_for_debugging_run_eagerly(switch):
    model = chain(Dense(3))
    jax.config.update(switch, True)
    try:
        for _ in range(3):
            model(X)
    finally:
        jax.config.update(switch, False)
    assert not programs(model)


def test_run_eagerly_is_kept_to():
    model = chain(Dense(3))
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    for _ in range(3):
        model(X)
    assert not programs(model)


def test_a_compiled_model_inside_transformations():
    model = chain(Dense(3, activation="tanh"), BatchNormalization())
    expected = np.array(warm(model, X))
    kernel = model.layers[0].kernel
    np.testing.assert_allclose(jax.jit(model)(X), expected, **CLOSE)
    np.testing.assert_allclose(jax.jit(lambda: model(X))(), expected, **CLOSE)
    np.testing.assert_allclose(jax.vmap(model)(X[:, None])[:, 0], expected, **CLOSE)
    assert jax.eval_shape(model, X).shape == (4, 3)

    def loss(values, x):
        outputs, _ = model.stateless_call(values, model.non_trainable_variables, x)
        return outputs.sum()

    values = [variable.value for variable in model.trainable_variables]
    by_hand = jax.grad(loss)(values, X)
    for x in (X, jnp.asarray(X)):
        found = deepkit.value_and_grad(lambda x=x: model(x).sum(), [kernel])()[1]
        np.testing.assert_allclose(found[0], by_hand[0], **CLOSE)
    gradient = jax.grad(lambda x: model(x).sum())(X)
    step = 1e-2
    moved = (np.array(model(X + step)) - np.array(model(X - step))).sum() / (2 * step)
    np.testing.assert_allclose(gradient.sum(), moved, rtol=1e-2)  # a difference of second order
    assert traces(model) == 1
    np.testing.assert_allclose(model(X), expected, **CLOSE)


def test_a_scope_has_its_own_values():
    model = chain(Dense(3, use_bias=False))
    warm(model, X)
    with deepkit.StatelessScope([(model.layers[0].kernel, np.zeros((6, 3)))]):
        np.testing.assert_array_equal(model(X), np.zeros((4, 3)))


# Errors


@pytest.mark.parametrize("bad", [np.ones((4, 7), "float32"), np.ones((4, 6, 2)), {"c": X}, [X, X]])
def test_errors_are_those_of_the_eager_call(bad):
    model = chain(Dense(3))
    warm(model, X)
    with pytest.raises(Exception) as expected:
        eagerly(model, bad)
    for _ in range(3):
        with pytest.raises(type(expected.value)) as found:
            model(bad)
        assert str(found.value) == str(expected.value)
        assert getattr(found.value, "__notes__", 0) == getattr(expected.value, "__notes__", 0)
    assert traces(model) == 1


def test_values_are_checked_as_in_the_eager_call():
    model = chain(Embedding(5, 2), BatchNormalization(), shape=(3,), dtype="int32")
    good, bad = np.array([[1, 2, 3]], "int32"), np.array([[1, 2, 9]], "int32")
    warm(model, good, training=True)
    before = state(model)
    with pytest.raises(Exception) as expected:
        eagerly(model, bad, training=True)
    with pytest.raises(type(expected.value)) as found:
        model(bad, training=True)
    assert str(found.value) == str(expected.value)
    for a, e in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(a, e)
    assert traces(model) == 1


def test_ops_check_values_as_in_the_eager_call():
    x = deepkit.Input((2, 2))
    model = deepkit.Model(x, deepkit.ops.cholesky(x))
    good = np.array([[[4, 2], [2, 2]]], "float32")
    assert_same_outputs(warm(model, good), eagerly(model, good))
    with pytest.raises(deepkit.errors.ArgumentError, match="positive definite"):
        model(-good)
    assert traces(model) == 1


def test_an_array_that_was_deleted():
    model = chain(Dense(3))
    warm(model, X)
    x = jnp.asarray(X)
    x.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        model(x)
    model(X)
    assert traces(model) == 1


# Copies and bounds


def test_a_shallow_copy_is_a_model_of_its_own():
    model = chain(Dense(3))
    warm(model, X)
    other = copy.copy(model)
    other.call = lambda inputs, training=None, mask=None: inputs * 2
    np.testing.assert_array_equal(other(X), X * 2)


def test_few_programs_are_kept():
    model = chain(Dense(3))
    for rows in range(1, 41):
        for _ in range(2):
            model(np.ones((rows, 6), "float32"))
    assert len(programs(model)) == traces(model) == 8
    assert len(model._compiled_calls._seen) <= 64


def test_a_model_that_always_changes_is_left_alone():
    model = chain(Dropout(0.5))
    for turn in range(200):
        model.layers[0].rate = turn / 200
        model(X)
        model(X)
    assert len(programs(model)) <= 8
    assert model._compiled_calls._compilations <= 64
    model = chain(Dropout(0.5))
    for turn in range(200):
        model.layers[0].rate = turn / 200
        model(X)
    assert not programs(model)
    assert model._compiled_calls._changes <= 32


def test_programs_go_with_their_model():
    model = chain(Dense(3), Dropout(0.5), BatchNormalization())
    warm(model, X, training=True)
    model.predict(X, verbose=0)
    references = [weakref.ref(model), weakref.ref(model.layers[0]), weakref.ref(programs(model)[0])]
    del model
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_threads_call_and_train_one_model():
    model = chain(Dense(8, activation="relu"), BatchNormalization(), Dense(1))
    model.compile(optimizer="sgd", loss="mse")
    y = np.ones((4, 1), "float32")
    model.fit(X, y, verbose=0)
    warm(model, X)
    model.predict(X, verbose=0)
    done, errors = threading.Event(), []

    def run(call):
        try:
            while not done.is_set():
                assert np.isfinite(np.array(call(X))).all()
        except BaseException as error:
            errors.append(error)

    calls = [model, model, lambda x: model.predict(x, verbose=0)]
    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for _ in range(20):
        model.fit(X, y, epochs=2, verbose=0)
    done.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert_same_outputs(model(X), eagerly(model, X))


def test_threads_that_call_a_new_model():
    model = chain(Dense(8), Dropout(0.5), Dense(1))
    expected, found = np.array(eagerly(model, X)), []

    def run():
        found.extend(np.array(model(X[:rows])) for rows in (4, 4, 2, 2, 4, 3, 3))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 28
    for outputs in found:
        np.testing.assert_allclose(outputs, expected[: len(outputs)], **CLOSE)
