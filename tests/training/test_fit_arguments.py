"""The arguments of fit, evaluate and predict, and the kinds of data that they take."""

import itertools

import numpy as np
import pytest

import deepkit
from deepkit import layers

ROWS = 10
X = np.arange(30, dtype="float32").reshape(ROWS, 3) / 30
Y = X[:, :1] + 1


def model_of(**arguments):
    model = deepkit.Sequential(
        [deepkit.Input((3,)), layers.Dense(1, kernel_initializer="ones", name="d")]
    )
    model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    return model


class Batches(deepkit.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


class Loader:
    """Iterated anew for each epoch, as loaders of PyTorch are."""

    def __len__(self):
        return 3

    def __iter__(self):
        return (Batches()[index] for index in range(3))


def endless():
    for index in itertools.count():
        yield Batches()[index % 3]


STREAMS = {
    "dataset": (lambda: Batches(), {}),
    "loader": (lambda: Loader(), {}),
    "generator": (lambda: endless(), {"steps_per_epoch": 3}),
    "lists": (lambda: (X.tolist(), Y.tolist()), {"batch_size": 4}),
}


@pytest.fixture(scope="module")
def expected():
    """Two epochs over the arrays in their order."""
    model = model_of()
    model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return model.history.history["loss"], model.get_weights()


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("eager", [False, True])
def test_every_kind_of_data_trains_alike(stream, eager, expected):
    make, options = STREAMS[stream]
    model, data = model_of(run_eagerly=eager), make()
    data = data if isinstance(data, tuple) else (data,)
    model.fit(*data, epochs=2, shuffle=False, verbose=0, **options)
    losses, weights = expected
    # The same steps by another program.
    np.testing.assert_allclose(model.history.history["loss"], losses, rtol=1e-5)
    for found, wanted in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_streams_are_evaluated_and_predicted():
    model = model_of()
    whole = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(Batches(), verbose=0) == pytest.approx(whole, rel=1e-6)
    assert model.evaluate(endless(), steps=3, verbose=0) == pytest.approx(whole, rel=1e-6)
    for data, options in ((Batches(), {}), (endless(), {"steps": 3}), (X, {"batch_size": 99})):
        found = model.predict(data, verbose=0, **options)
        np.testing.assert_allclose(found, np.asarray(model(X)), rtol=1e-6)


def test_steps_cut_arrays_short():
    model = model_of()
    model.fit(X, Y, batch_size=1, steps_per_epoch=3, epochs=3, verbose=0)
    assert int(model.optimizer.iterations) == 9


def test_epochs_go_on_from_the_initial_one():
    model = model_of()
    history = model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4] and len(history.history["loss"]) == 2


@pytest.mark.parametrize("frequency, count", [(1, 4), (2, 2), (3, 1), ([1, 4], 2), ([], 0)])
def test_validation_takes_place_as_often_as_asked(frequency, count):
    model = model_of()
    history = model.fit(
        X, Y, epochs=4, validation_data=(X, Y), validation_freq=frequency, verbose=0
    ).history
    assert len(history.get("val_loss", [])) == count


def test_the_last_rows_are_held_out():
    model = model_of(optimizer=deepkit.optimizers.SGD(0.0))
    history = model.fit(X, Y, validation_split=0.3, verbose=0).history
    assert history["loss"] == pytest.approx([model.evaluate(X[:7], Y[:7], verbose=0)])
    assert history["val_loss"] == pytest.approx([model.evaluate(X[7:], Y[7:], verbose=0)])


@pytest.mark.parametrize("shuffle", [True, "batch", False])
def test_every_row_is_seen_once_an_epoch(shuffle):
    class Recording(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.seen = self.add_weight("seen", (ROWS,), initializer="zeros", trainable=False)
            self.last = self.add_weight("last", (2,), initializer="zeros", trainable=False)

        def call(self, rows):
            return rows

        def train_step(self, rows):
            index = rows[:, 0].astype("int32")
            self.seen.assign(self.seen.value.at[index].add(1.0))
            self.last.assign(rows[-2:, 0])
            return {"first": rows[0, 0]}

    model = Recording()
    model.compile(optimizer=None)
    rows = np.arange(ROWS, dtype="float32")[:, None]
    np.random.seed(0)  # Eight orders of two rows may by chance be the same.
    history = model.fit(rows, batch_size=4, epochs=8, shuffle=shuffle, verbose=0)
    np.testing.assert_array_equal(model.seen.numpy(), np.full(ROWS, 8.0))
    if shuffle == "batch":
        assert sorted(model.last.numpy()) == [8.0, 9.0]
    firsts = set(history.history["first"])
    assert (len(firsts) > 1) == bool(shuffle)


WEIGHT = np.linspace(0, 1, ROWS).astype("float32")
ERRORS = ((X.sum(axis=1, keepdims=True) - Y) ** 2).mean(axis=1)
WEIGHTED = {
    "none": (None, ERRORS.mean()),
    "rows": (WEIGHT, (WEIGHT * ERRORS).mean()),
    "column": (WEIGHT[:, None], (WEIGHT * ERRORS).mean()),
    "integers": ((WEIGHT > 0.5).astype("int32"), ((WEIGHT > 0.5) * ERRORS).mean()),
    "list": (WEIGHT.tolist(), (WEIGHT * ERRORS).mean()),
}


@pytest.mark.parametrize("form", WEIGHTED)
def test_weights_of_rows(form):
    weight, wanted = WEIGHTED[form]
    model = model_of(optimizer=deepkit.optimizers.SGD(0.0))
    history = model.fit(X, Y, sample_weight=weight, verbose=0).history["loss"]
    # Sums of ten float32 numbers.
    assert history == pytest.approx([wanted], rel=1e-5)
    assert model.evaluate(X, Y, sample_weight=weight, verbose=0) == pytest.approx(wanted, rel=1e-5)
    found = model.test_on_batch(X, Y, sample_weight=weight, return_dict=True)
    assert found["loss"] == pytest.approx(wanted, rel=1e-5)


def test_batch_sizes_may_change_in_a_stream():
    sizes = [1, 3, 2, 4]
    starts = np.cumsum([0, *sizes])

    def batches():
        for start, stop in itertools.pairwise(starts):
            yield X[start:stop], Y[start:stop]

    model = model_of(optimizer=deepkit.optimizers.SGD(0.0))
    loss = model.fit(batches(), verbose=0).history["loss"]
    assert loss == pytest.approx([ERRORS.mean()], rel=1e-5)  # each row weighs the same


def test_training_reaches_layers_inside_a_model_that_does_not_take_it():
    class Quiet(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.norm = layers.BatchNormalization(momentum=0.0)

        def call(self, inputs):
            return self.norm(inputs)

    model = Quiet()
    model.compile(optimizer=deepkit.optimizers.SGD(0.0), loss="mse")
    model.fit(X, X, batch_size=ROWS, verbose=0)
    # A mean of ten float32 numbers.
    np.testing.assert_allclose(model.norm.moving_mean.numpy(), X.mean(axis=0), rtol=1e-5)
