"""Odd batches of predict: filled up where that changes nothing, left alone where it might."""

import jax
import numpy as np
import pytest

import deepkit
from deepkit.training._modes import bind_program
from deepkit.training._padding import Padding, bucket
from tests.training.compilations import compilations

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


def chain(*layers):
    return deepkit.Sequential([deepkit.Input((3,)), *layers])


@pytest.fixture(autouse=True)
def _counted():
    with compilations() as names:
        COMPILED[:] = [names]
        yield


COMPILED = []


def sizes(model):
    """For how many kinds of batches the programs of the only model of a test were compiled."""
    return compiled("_run_one")


def compiled(function):
    """How often a function was compiled in a test."""
    (names,) = COMPILED
    return sum(f"jit({function})" in name for name in names)


def bound(model):
    return bind_program(model, "predict")


def assert_predicts(model, expected, rows, **arguments):
    found = model.predict(X[:rows], verbose=0, **arguments)
    assert found.shape[0] == rows
    # Products of another number of rows may be rounded in another order.
    np.testing.assert_allclose(found, expected(X[:rows]), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(
    ("rows", "largest", "size"),
    [(1, 32, 1), (2, 32, 2), (3, 32, 4), (17, 32, 32), (33, 48, 48), (48, 48, 48), (40, 100, 64)],
)
def test_buckets(rows, largest, size):
    assert bucket(rows, largest) == size


def test_odd_sizes_share_programs():
    model = chain(deepkit.layers.Dense(4, activation="relu"), deepkit.layers.BatchNormalization())
    weights = model.get_weights()
    model.set_weights([w + 0.1 for w in weights])
    for rows in (3, 5, 6, 7, 8, 17, 33, 35, 40):
        assert_predicts(model, model, rows)
    (program,) = model._trainer.programs._by_key.values()
    assert program.traces == 4  # 1, 4, 8 and 32 rows


def test_the_last_batch_runs_in_the_program_of_the_others():
    model = chain(deepkit.layers.Dense(2))
    for rows in (33, 34, 35):
        assert_predicts(model, model, rows, batch_size=4)
    assert sizes(model) == 1
    assert_predicts(model, model, 39, batch_size=10)
    assert sizes(model) == 2


def test_the_last_batch_costs_little_beside_the_others():
    model = chain(deepkit.layers.Dense(2))
    assert_predicts(model, model, 17, batch_size=16)
    assert sizes(model) == 2  # 16 rows and one


def test_streams_are_filled_up_to_what_came():
    model = chain(deepkit.layers.Dense(2))
    batches = [X[:4], X[4:7], X[7:17], X[17:27], X[27:36], X[36:39]]
    found = model.predict(iter(batches), verbose=0)
    np.testing.assert_allclose(found, model(X[:39]), rtol=2e-6, atol=2e-6)
    assert sizes(model) == 2  # 4 and 10 rows


def test_small_batches_among_large_ones_cost_little():
    model = chain(deepkit.layers.Dense(2))
    rows = [16, 1, 3, 16, 1, 3]
    added = [
        len(sized.batch) - sized.rows
        for sized in Padding.of(model, bound(model)).each(X[:count] for count in rows)
    ]
    assert added == [0, 0, 1, 0, 0, 1]


def test_batch_hooks_get_the_wanted_rows():
    seen = []

    class Watcher(deepkit.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            seen.append(len(logs["outputs"]))

    chain(deepkit.layers.Dense(2)).predict(X[:11], batch_size=4, verbose=0, callbacks=[Watcher()])
    assert seen == [4, 4, 3]


def test_several_inputs_and_outputs():
    a, b = deepkit.Input((3,), name="a"), deepkit.Input((3,), name="b")
    both = deepkit.layers.Concatenate()([a, b])
    outputs = {"sum": deepkit.layers.Dense(1)(both), "twice": [deepkit.layers.Add()([a, b])] * 2}
    model = deepkit.Model({"a": a, "b": b}, outputs)
    x = {"a": X[:5], "b": X[5:10]}
    found, expected = model.predict(x, verbose=0), model(x)
    assert sizes(model) == 1
    model.predict({"a": X[:7], "b": X[7:14]}, verbose=0)
    assert sizes(model) == 1
    for one, two in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-6, atol=2e-6)


class Centred(deepkit.layers.Layer):
    def call(self, inputs):
        return inputs - inputs.mean(0)


class Doubled(deepkit.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


class Shared(deepkit.layers.Layer):
    """Looks at the number of rows, and at nothing else that rows have in common."""

    def call(self, inputs):
        return inputs / inputs.shape[0]


class OfFew(deepkit.layers.Layer):
    def call(self, inputs):
        return -inputs if inputs.shape[0] < 7 else inputs


class ByPlace(deepkit.layers.Layer):
    def call(self, inputs):
        return inputs * np.arange(inputs.shape[0], dtype="float32")[:, None]


class OfFive(deepkit.layers.Layer):
    def call(self, inputs):
        return inputs + np.ones((5, 3), "float32")


OWN = {
    Centred: lambda x: x - x.mean(0),
    Shared: lambda x: x / len(x),
    ByPlace: lambda x: x * np.arange(len(x))[:, None],
}


@pytest.mark.parametrize("layer", OWN)
def test_layers_of_the_user_that_mix_rows_are_left_alone(layer):
    model = chain(layer())
    for rows in (5, 6, 7):
        assert_predicts(model, OWN[layer], rows)
    assert sizes(model) == 3
    (program,) = model._trainer.programs._by_key.values()
    assert program.traces <= 5  # one in vain, of 8 rows and of the first number


def test_layers_of_the_user_that_act_row_by_row_are_not_compiled_again():
    model = chain(Doubled())
    for rows in (5, 6, 7):
        assert_predicts(model, lambda x: 2 * x, rows)
    assert sizes(model) == 1


def test_numbers_of_rows_for_which_code_differs():
    model = chain(OfFew())
    for rows in (7, 5, 6, 8):
        assert_predicts(model, lambda x: -x if len(x) < 7 else x, rows)


def test_a_model_for_one_number_of_rows():
    model = deepkit.Sequential([deepkit.Input(batch_shape=(5, 3)), OfFive()])
    assert_predicts(model, lambda x: x + 1, 5)


def test_a_subclassed_model_of_layers_of_the_library():
    class Own(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = deepkit.layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    for rows in (5, 7):
        assert_predicts(model, model, rows)
    assert sizes(model) == 1


def test_state_of_rows_is_not_filled_up():
    model = deepkit.Sequential(
        [deepkit.Input(batch_shape=(5, 2, 3)), deepkit.layers.LSTM(2, stateful=True)]
    )
    x = X[:10].reshape(5, 2, 3)
    twin = deepkit.models.clone_model(model)
    twin.set_weights(model.get_weights())
    for _ in range(2):
        np.testing.assert_allclose(model.predict(x, verbose=0), twin(x), rtol=2e-6, atol=2e-6)


def test_what_writes_variables_is_not_filled_up():
    class Counting(deepkit.layers.Layer):
        def build(self, shape):
            self.rows = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs):
            self.rows.assign_add(float(inputs.shape[0]))
            return inputs + 0.0

    model = chain(Counting())
    model.predict(X[:5], verbose=0)
    model.predict(X[:11], batch_size=4, verbose=0)
    assert float(model.layers[0].rows) == 16


def test_outputs_that_are_no_rows_are_left_alone():
    class Total(deepkit.layers.Layer):
        def call(self, inputs):
            return inputs.sum(0, keepdims=True)

    model = chain(Total())
    found = model.predict(X[:5], verbose=0)
    np.testing.assert_allclose(found, X[:5].sum(0, keepdims=True), rtol=2e-6, atol=2e-6)


def test_values_are_checked_once_for_all_sizes():
    model = deepkit.Sequential([deepkit.Input((2,), dtype="int32"), deepkit.layers.Embedding(5, 2)])
    x = np.array([[4, 2], [1, 0], [3, 3], [2, 1], [0, 4]], "int32")
    for rows in (3, 5):
        expected = np.array(model.layers[0](x[:rows]))
        np.testing.assert_array_equal(model.predict(x[:rows], verbose=0), expected)
    assert compiled("_trace") == sizes(model) == 2
    x[2, 1] = 9
    with pytest.raises(deepkit.errors.DeepkitError, match=r"9"):
        model.predict(x, verbose=0)


def test_values_of_data_of_any_length_are_checked_by_few_programs():
    model = deepkit.Sequential([deepkit.Input((2,), dtype="int32"), deepkit.layers.Embedding(5, 2)])
    x = np.random.default_rng(0).integers(0, 5, (64, 2)).astype("int32")
    for rows in range(33, 64, 3):
        model.predict(x[:rows], verbose=0)
    assert compiled("_trace_over") == 1
    for place in (1, 40, 62):
        bad = x.copy()
        bad[place, 1] = 9
        with pytest.raises(deepkit.errors.DeepkitError, match=rf"9 at \[{place}, 1\]"):
            model.predict(bad[:63], verbose=0)
    with pytest.raises(deepkit.errors.DeepkitError, match=r"9 at \[62, 1\]"):
        model.predict(jax.numpy.asarray(bad[:63]), verbose=0)


def test_arrays_of_jax_that_have_no_place_of_their_own_are_filled_up():
    model = chain(deepkit.layers.Dense(2))
    x = jax.numpy.asarray(X[:5])
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), rtol=2e-6, atol=2e-6)
    assert sizes(model) == 1
    placed = jax.device_put(x, jax.devices()[0])
    np.testing.assert_allclose(model.predict(placed, verbose=0), model(x), rtol=2e-6, atol=2e-6)
    assert sizes(model) == 2


def test_eager_models_run_as_they_are():
    model = chain(deepkit.layers.Dense(2))
    model.compile(run_eagerly=True)
    seen = []
    call = model.call
    model.call = lambda inputs, **settings: seen.append(len(inputs)) or call(inputs, **settings)
    model.predict(X[:5], verbose=0)
    model.predict(X[:11], batch_size=8, verbose=0)
    assert seen == [5, 8, 3]


def test_outputs_belong_to_the_caller():
    model = chain(Doubled())
    outputs = model.predict(X[:5], verbose=0)
    assert outputs.base is None and outputs.flags.writeable


def test_a_batch_by_hand_has_a_program_of_its_own():
    model = chain(Doubled())
    for rows in (5, 6):
        np.testing.assert_array_equal(model.predict_on_batch(X[:rows]), 2 * X[:rows])
    assert sizes(model) == 2
