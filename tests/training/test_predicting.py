"""predict: what it returns, what it hands to the device, and what its programs depend on."""

import jax
import numpy as np
import pytest

import deepkit
from deepkit.core.errors import DataError
from deepkit.training import _predict
from deepkit.training._collected_outputs import CollectedOutputs
from tests.training.compilations import compilations

X = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")


def chain(*layers):
    return deepkit.Sequential([deepkit.Input((3,)), *layers, deepkit.layers.Dense(2)])


def traces(model):
    return sum(program.traces for program in model._trainer.programs._by_key.values())


@pytest.mark.parametrize("rows", [1, 32, 33, 50])
def test_outputs_are_those_of_the_call_and_belong_to_the_caller(rows):
    model = chain(deepkit.layers.Dropout(0.5), deepkit.layers.BatchNormalization())
    expected = np.array(model(X[:rows]))
    outputs = model.predict(X[:rows], verbose=0)
    # Float32 sums of three products, in another order.
    np.testing.assert_allclose(outputs, expected, rtol=2e-6, atol=2e-6)
    outputs[:] = 0.0
    np.testing.assert_allclose(model.predict_on_batch(X[:rows]), expected, rtol=2e-6, atol=2e-6)
    model.predict_on_batch(X[:rows])[:] = 0.0


def test_a_batch_is_one_dispatch_without_callbacks(monkeypatch):
    made, calls = [], []
    monkeypatch.setattr(_predict, "CallbackList", lambda *a, **k: made.append(1))
    model = chain()
    original = deepkit.training._program.Binding._call
    monkeypatch.setattr(
        deepkit.training._program.Binding,
        "_call",
        lambda self, *a: calls.append(1) or original(self, *a),
    )
    for _ in range(3):
        model.predict(X[:5], verbose=0)
    assert (made, calls) == ([], [1, 1, 1])
    assert traces(model) == 1


def test_callbacks_are_called_for_a_single_batch():
    called = []
    callback = deepkit.callbacks.LambdaCallback(on_train_begin=None)
    callback.on_predict_begin = lambda logs=None: called.append("begin")
    callback.on_predict_end = lambda logs=None: called.append("end")
    chain().predict(X[:5], verbose=0, callbacks=[callback])
    assert called == ["begin", "end"]


def test_few_outputs_are_on_the_device_at_a_time():
    model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(77)])
    most = []

    def batches():
        for _ in range(60):
            most.append(sum(array.shape == (4, 77) for array in jax.live_arrays()))
            yield np.ones((4, 3), "float32")

    assert model.predict(batches(), verbose=0).shape == (240, 77)
    assert max(most) <= 16


def test_weights_are_data_and_structure_is_not():
    model = chain(deepkit.layers.Dense(4, activation="relu"))
    model.predict(X[:5], verbose=0)
    model.set_weights([weight + 1.0 for weight in model.get_weights()])
    np.testing.assert_allclose(model.predict(X[:5], verbose=0), model(X[:5]), rtol=2e-6)
    assert traces(model) == 1
    model.layers[0].activation = deepkit.activations.tanh
    np.testing.assert_allclose(model.predict(X[:5], verbose=0), model(X[:5]), rtol=2e-6)
    assert traces(model) == 2


def test_a_model_of_library_layers_needs_no_state_of_its_optimizer():
    model = chain()
    model.compile(optimizer="adam", loss="mse")
    model.fit(X, X[:, :2], verbose=0)
    model.predict(X[:5], verbose=0)
    state = model._trainer.state_of("predict")()
    assert len(state) == len(model.variables) + 1  # the global generator
    assert len(state) < len(model._trainer.state_of("train")())


def test_an_own_step_sees_the_state_of_the_optimizer():
    class Own(deepkit.Sequential):
        def predict_step(self, data):
            return data * self.optimizer.learning_rate.value

    model = Own([deepkit.Input((3,)), deepkit.layers.Dense(2)])
    model.compile(optimizer=deepkit.optimizers.SGD(2.0), loss="mse")
    np.testing.assert_array_equal(model.predict(X[:4], verbose=0), X[:4] * 2)
    model.optimizer.learning_rate = 4.0
    np.testing.assert_array_equal(model.predict(X[:4], verbose=0), X[:4] * 4)
    assert traces(model) == 1


def test_values_are_checked_by_a_program_that_is_compiled_once():
    model = deepkit.Sequential([deepkit.Input((2,), dtype="int32"), deepkit.layers.Embedding(5, 2)])
    x = np.array([[1, 2]], "int32")
    with compilations() as names:
        for _ in range(3):
            model.predict(x, verbose=0)
            model.predict_on_batch(x)
    assert sum("jit(_trace)" in name for name in names) == 1
    with pytest.raises(deepkit.errors.DeepkitError, match="9"):
        model.predict(np.array([[1, 9]], "int32"), verbose=0)


# Joining


def test_rows_are_written_into_one_array():
    collected = CollectedOutputs(5)
    for start, stop in ((0, 2), (2, 4), (4, 5)):
        collected.add({"a": X[start:stop], "b": [X[start:stop, 0]]}, stop - start)
    joined = collected.joined()
    np.testing.assert_array_equal(joined["a"], X[:5])
    np.testing.assert_array_equal(joined["b"][0], X[:5, 0])
    assert joined["a"].base is collected._whole[0]


@pytest.mark.parametrize("batches", [3, 4])
def test_rows_of_a_known_number_of_batches_are_written_into_one_array(batches):
    collected = CollectedOutputs(None, batches)
    for start, stop in ((0, 2), (2, 4), (4, 5)):
        collected.add(X[start:stop], stop - start)
    joined = collected.joined()
    np.testing.assert_array_equal(joined, X[:5])
    assert joined.base is collected._whole[0]


def test_batches_may_have_more_rows_than_the_first_one():
    collected = CollectedOutputs(None, 2)
    collected.add(X[:2], 2)
    collected.add(X[2:7], 5)
    np.testing.assert_array_equal(collected.joined(), X[:7])


def test_outputs_of_a_dataset_are_written_into_one_array():
    class Dataset(deepkit.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return X[index * 4 : (index + 1) * 4][: 4 if index < 2 else 3]

    model = chain()
    found = model.predict(Dataset(), verbose=0)
    assert found.base.shape == (12, 2)
    np.testing.assert_allclose(found, model(X[:11]), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("rows", [None, 5, 4])
def test_batches_may_give_other_numbers_of_rows(rows):
    collected = CollectedOutputs(rows)
    collected.add(X[:2], 2)
    collected.add(X[2:3], 2)
    collected.add(X[3:5], 2)
    np.testing.assert_array_equal(collected.joined(), X[:5])
    once = CollectedOutputs(rows)
    once.add(X[:1], 2)
    assert once.joined().shape == (1, 3)


def test_dtypes_may_differ_between_batches():
    collected = CollectedOutputs(4)
    collected.add(np.ones((2, 1), "int32"), 2)
    collected.add(np.full((2, 1), 0.5), 2)
    assert collected.joined().ravel().tolist() == [1.0, 1.0, 0.5, 0.5]


@pytest.mark.parametrize("rows", [None, 4])
def test_outputs_that_cannot_be_joined(rows):
    collected = CollectedOutputs(rows)
    collected.add(np.ones((2, 1)), 2)
    collected.add(np.ones((2, 3)), 2)
    with pytest.raises(DataError, match=r"\(2, 1\) for the first batch and \(2, 3\) for the last"):
        collected.joined()
