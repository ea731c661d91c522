"""Data of many lengths in the same programs: room behind the rows, which nothing looks at."""

import jax
import numpy as np
import pytest

import deepkit
from deepkit import layers
from deepkit.data import aligned_array, make_data
from deepkit.training import _device_data
from deepkit.training._device_data import DeviceData
from tests.training.compilations import compilations

RANDOM = np.random.default_rng(0)
X = RANDOM.random((200, 3), "float32")
Y = RANDOM.random((200, 1), "float32")
CLASSES = RANDOM.integers(0, 4, 200)
SIZES = (*range(33, 193, 9), 64, 128)


def chain(*parts, **arguments):
    deepkit.utils.set_random_seed(5)
    model = deepkit.Sequential([deepkit.Input((3,)), *parts])
    model.compile(**{"optimizer": "adam", "loss": "mse", **arguments})
    model.set_weights([np.random.uniform(0.5, 1.0, w.shape) for w in model.get_weights()])
    return model


def regression():
    return chain(layers.Dense(1), metrics=["mae"])


def meets():
    """Its last batches of `fit` are not filled up, and have executables of their own."""
    return chain(layers.Dense(4), layers.BatchNormalization(), layers.Dense(1))


def classifier():
    return chain(layers.Dense(4), loss="sparse_categorical_crossentropy", metrics=["accuracy"])


@pytest.fixture
def exactly(monkeypatch):
    """Gives what a function does with arrays that end where the data does."""

    def run(function):
        with monkeypatch.context() as patch:
            patch.setattr(_device_data, "_batches_with_room", lambda *_: 0)
            return function()

    return run


@pytest.fixture
def poisoned(monkeypatch):
    """Puts behind the data what would spoil every result."""
    made = []

    def make(shape, dtype):
        bad = np.nan if dtype.kind == "f" else np.iinfo(dtype).max // 2
        made.append(np.full(shape, bad, dtype))
        return made[-1]

    monkeypatch.setattr(_device_data, "aligned_array", make)
    return made


def test_evaluating_any_number_of_rows_compiles_few_programs():
    model = regression()
    kernel, bias = (np.array(w) for w in model.get_weights())
    errors = X @ kernel + bias - Y
    model.evaluate(X[:33], Y[:33], verbose=0)
    with compilations() as names:
        for rows in SIZES:
            mse, mae = model.evaluate(X[:rows], Y[:rows], verbose=0)
            np.testing.assert_allclose(mse, np.mean(errors[:rows] ** 2), rtol=1e-5)
            np.testing.assert_allclose(mae, np.mean(abs(errors[:rows])), rtol=1e-5)
    # 2, 3 to 4, and 5 to 8 batches, each with a last one that is full or filled up, less the first.
    assert len(names) <= 5, names
    with compilations() as again:
        model.evaluate(X[:150], Y[:150], verbose=0)
    assert again == []


def test_fitting_any_number_of_rows_compiles_few_programs():
    model = regression()
    model.fit(X[:33], Y[:33], verbose=0)
    with compilations() as names:
        for rows in SIZES:
            validation = X[-rows:], Y[-rows:]
            model.fit(X[:rows], Y[:rows], verbose=0, validation_data=validation)
    # Six of evaluation, and six of training less what the first call has compiled.
    assert len(names) <= 11, names


def test_folds_share_programs():
    model = regression()
    folds = np.array_split(np.arange(200), 7)
    with compilations() as names:
        for fold in folds:
            rest = np.setdiff1d(np.arange(200), fold)
            model.fit(X[rest], Y[rest], verbose=0)
            model.evaluate(X[fold], Y[fold], batch_size=8, verbose=0)
    assert {len(fold) for fold in folds} == {28, 29}
    assert len([name for name in names if "_run_many" in name]) == 2, names


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
@pytest.mark.parametrize("make", [regression, meets, classifier])
def test_numbers_are_those_of_exact_arrays(make, shuffle, poisoned, exactly):
    y = CLASSES if make is classifier else Y

    def run():
        model = make()
        found = []
        for rows in (41, 48):
            fitted = model.fit(
                X[:rows], y[:rows], batch_size=16, epochs=2, shuffle=shuffle, verbose=0
            )
            found += [fitted.history, model.evaluate(X[:rows], y[:rows], 16, verbose=0)]
        return deepkit.tree.flatten([found, [np.array(w) for w in model.get_weights()]])

    found = run()
    assert poisoned
    for one, other in zip(found, exactly(run), strict=True):
        np.testing.assert_array_equal(one, other)


def batches_with_room(batches, nbytes, rows=1):
    array = np.broadcast_to(np.uint8(0), (nbytes,))
    return _device_data._batches_with_room(batches, rows, [array])


def test_small_data_gets_a_power_of_two_of_batches():
    found = {batches_with_room(batches, 2**18) for batches in range(1, 1000)}
    assert found == {2**power for power in range(11)}


def test_larger_data_gets_an_eighth_more_at_most():
    found = [batches_with_room(batches, 2**18 + 1) for batches in range(1, 1025)]
    assert all(b <= room <= b * 9 / 8 for b, room in enumerate(found, 1))
    assert found[16] == 18 and found[99] == 104
    for power in range(4, 10):
        assert len(set(found[2**power : 2 ** (power + 1)])) == 8


def test_no_array_grows_to_where_two_threads_gather_its_rows():
    half = 2**19
    assert batches_with_room(113, 113 * 4096, rows=4096) == 120
    assert batches_with_room(121, 121 * 4096, rows=4096) == 121
    assert batches_with_room(128, half, rows=4096) == 128
    assert batches_with_room(129, 129 * 4096, rows=4096) == 144


@pytest.mark.parametrize(("limit", "rows"), [("_MAX_DOUBLED", 144), ("_MAX_WITH_ROOM", 130)])
def test_how_much_room_there_is_depends_on_bytes(limit, rows, monkeypatch):
    def rows_on_device():
        data = DeviceData(make_data(X[:130], Y[:130], batch_size=4))
        return [array.shape[0] for array in data.arrays]

    assert rows_on_device() == [256, 256]
    monkeypatch.setattr(_device_data, limit, 130 * 4 * 4 - 1)
    assert rows_on_device() == [rows, rows]


def test_arrays_of_jax_stay_as_they_are():
    x = jax.numpy.asarray(X[:130])
    data = DeviceData(make_data(x, Y[:130], batch_size=10))
    assert [a.shape[0] for a in data.arrays] == [130, 130]
    assert data.arrays[0] is x


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="Other devices have their own memory.")
@pytest.mark.parametrize("rows", [128, 130])
def test_what_is_trained_on_is_not_the_callers_memory(rows):
    x = aligned_array(X[:rows].shape, X.dtype)  # JAX would not copy it
    x[:] = X[:rows]
    data = DeviceData(make_data(x, Y[:rows], batch_size=16))
    x[:] = 0
    np.testing.assert_array_equal(data.arrays[0][:rows], X[:rows])
