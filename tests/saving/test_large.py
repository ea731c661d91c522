"""Large arrays in files: written and read where they are, and checked in small parts."""

import io
import tracemalloc

import h5py
import keras
import numpy as np
import pytest

import deepkit
from deepkit.saving._formats._checksums import Piece
from deepkit.saving._formats._scattered_file import ScatteredFile
from tests.saving.models import values

MEBIBYTE = 2**20
# 64 and 36 MiB, and one that is written in no whole number of parts.
SIZES = ((4096, 4096), (3, 3_145_728), (1, 1, 524_289))


class Arrays(deepkit.layers.Layer):
    """Holds arrays alone."""

    def __init__(self, sizes=SIZES, **kwargs):
        super().__init__(**kwargs)
        for number, size in enumerate(sizes):
            self.add_weight(shape=size, name=f"array_{number}", initializer="zeros")

    def call(self, x):
        return x


def model(seed=None):
    made = deepkit.Sequential([deepkit.Input((3,)), Arrays()])
    if seed is not None:
        generator = np.random.default_rng(seed)
        for variable in made.weights:
            variable.assign(generator.random(tuple(variable.shape), "float32"))
    return made


@pytest.fixture(autouse=True)
def registered():
    with deepkit.utils.custom_object_scope({"Arrays": Arrays}):
        yield


def peak_of(call, *args):
    """The most memory that Python and NumPy held during a call."""
    tracemalloc.start()
    call(*args)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_a_save_copies_no_large_array(ending, tmp_path):
    path = tmp_path / f"model{ending}"
    made = model(seed=0)
    save = made.save if ending == ".keras" else made.save_weights
    # It is verified row by row, and the largest row has 12 MiB.
    assert peak_of(save, path) < 16 * MEBIBYTE
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    other = model(seed=1)
    size = sum(array.nbytes for array in values(made))
    assert peak_of(other.load_weights, path) < size + 16 * MEBIBYTE
    for a, b in zip(values(made), values(other)):
        np.testing.assert_array_equal(a, b)


def test_training_goes_on_after_a_save(tmp_path):
    made = deepkit.Sequential([deepkit.Input((600,)), deepkit.layers.Dense(600)])
    made.compile("sgd", "mse")
    x = np.ones((8, 600), "float32")
    made.fit(x, x, verbose=0)
    made.save(tmp_path / "model.keras")
    saved = values(made)
    made.fit(x, x, epochs=2, verbose=0)
    again = deepkit.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(values(again)[0], saved[0])
    assert not np.array_equal(values(made)[0], saved[0])


def test_keras_opens_large_arrays(tmp_path):
    made = deepkit.Sequential([deepkit.Input((700,)), deepkit.layers.Dense(800)])
    made.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 700), "float32")
    other = keras.saving.load_model(tmp_path / "model.keras")
    # Two libraries may sum 700 products in different orders.
    np.testing.assert_allclose(
        other.predict(x, verbose=0), made.predict(x, verbose=0), rtol=1e-4, atol=1e-6
    )


def test_a_store_gives_back_large_arrays_while_it_is_written(tmp_path):
    first, second = np.ones((600, 600), "float32"), np.full((600, 600), 2, "float32")
    seen = []

    class Own(deepkit.layers.Layer):
        def save_own_variables(self, store):
            store["a"] = first
            store["b"] = first.T
            store["a"] = second
            store["c"] = np.full((600, 600), 3, "float32")
            seen.extend(float(store[name].mean()) for name in "abc")

        def load_own_variables(self, store):
            seen.extend(float(store[name].mean()) for name in "abc")

        def call(self, x):
            return x

    path = tmp_path / "model.keras"
    deepkit.Sequential([deepkit.Input((3,)), Own()]).save(path)
    deepkit.saving.load_model(path, custom_objects={"Own": Own})
    assert seen == [2.0, 1.0, 3.0] * 2


# The file in memory


def content_of(file):
    return b"".join(piece.data for piece in file.pieces())


@pytest.mark.parametrize("seed", range(20))
def test_a_scattered_file_is_a_file(seed):
    """Any writes and reads, of lent arrays or not, give what a plain file in memory gives."""
    rng = np.random.default_rng(seed)
    plain, scattered = io.BytesIO(), ScatteredFile()
    for _ in range(25):
        start = int(rng.integers(0, 4 * MEBIBYTE))
        array = rng.integers(0, 256, int(rng.choice([3, 70_000, 2 * MEBIBYTE])), "uint8")
        begin = int(rng.integers(0, 2)) * array.size // 3
        with scattered.lent(Piece(array if rng.random() < 0.7 else array.copy())):
            for file in (plain, scattered):
                file.seek(start)
                file.write(memoryview(array)[begin:])
        where, count = int(rng.integers(0, 6 * MEBIBYTE)), int(rng.integers(1, 3 * MEBIBYTE))
        plain.seek(where)
        scattered.seek(where)
        assert plain.read(count) == scattered.read(count)
        assert scattered.seek(0, io.SEEK_END) == plain.seek(0, io.SEEK_END)
    assert content_of(scattered) == plain.getvalue()


def test_a_scattered_file_holds_lent_arrays_and_copies_others():
    lent, own = np.zeros(MEBIBYTE, "uint8"), np.zeros(MEBIBYTE, "uint8")
    file = ScatteredFile()
    with h5py.File(file, "w") as h5:
        with file.lent(Piece(lent)):
            h5["lent"] = lent
        h5["own"] = own
    pieces = [piece.data for piece in file.pieces()]
    held = [np.frombuffer(data, "uint8") for data in pieces if len(data) == MEBIBYTE]
    assert [np.shares_memory(part, lent) for part in held] == [True]
    with h5py.File(io.BytesIO(content_of(file)), "r") as h5:
        np.testing.assert_array_equal(h5["own"][()], own)
