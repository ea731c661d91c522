"""CuDNN's layers in `.keras` and `.weights.h5` files of TensorFlow's Keras 2.12 and later."""

import contextlib
import pathlib
import zipfile

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import WeightMismatchError
from deepkit.saving import load_model
from tests.saving.models import assert_equal_values, values

ARCHIVES = pathlib.Path(__file__).parent / "layouts" / "archives"
RELEASES = ("tensorflow_2.12.1", "tensorflow_2.15.1", "tf_keras_2.21.0")
NETS = ("cudnn_lstm", "cudnn_gru", "cudnn_wrapped")
# What float32 and another order of sums leave, and that after two epochs more.
CLOSE, CLOSE_LATER = {"rtol": 1e-5, "atol": 1e-5}, {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture
def files_of(tmp_path):
    """Unpacks the files of a net: of the whole model, of the weights, and the numbers."""

    def unpacked(release, net):
        with zipfile.ZipFile(ARCHIVES / f"{release}.zip") as archive:
            for ending in (".keras", ".weights.h5", ".npz"):
                archive.extract(f"{net}{ending}", tmp_path)
        with np.load(tmp_path / f"{net}.npz") as numbers:
            return tmp_path / f"{net}.keras", tmp_path / f"{net}.weights.h5", dict(numbers)

    return unpacked


def warnings_of(net):
    if net == "cudnn_gru":
        return contextlib.nullcontext()
    return pytest.warns(UserWarning, match="two biases where LSTM has one")


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("release", RELEASES)
def test_models(release, net, files_of):
    whole, weights, expected = files_of(release, net)
    with warnings_of(net):
        model = load_model(whole)
    x, y = expected["x"], expected["y"]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected["predictions"], **CLOSE)
    other = deepkit.models.clone_model(model)
    other.load_weights(weights, include_optimizer=False)
    assert_equal_values(values(other), values(model))
    model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected["later"], **CLOSE_LATER)


def stacked(first, second):
    layers = [first, second, deepkit.layers.Dense(2)]
    return deepkit.Sequential([deepkit.Input((4, 5)), *layers])


@pytest.mark.parametrize(
    ("net", "first", "second"),
    [
        ("cudnn_gru", "GRU", {"reset_after": False}),
        ("cudnn_lstm", "LSTM", {"use_bias": False}),
        ("cudnn_lstm", "GRU", {}),
    ],
)
def test_other_layers_are_refused(net, first, second, files_of):
    _, weights, _ = files_of("tensorflow_2.15.1", net)
    layer = getattr(deepkit.layers, first)
    model = stacked(layer(3, return_sequences=True), layer(2, **second))
    before = values(model)
    with pytest.raises(WeightMismatchError, match="cu_dnn"):
        model.load_weights(weights)
    assert_equal_values(values(model), before)


def test_layers_of_both_kinds_side_by_side_are_refused(files_of):
    """Nothing in such a file says which of them is which."""
    _, weights, _ = files_of("tensorflow_2.15.1", "cudnn_lstm")
    with h5py.File(weights, "r+") as file:
        file.move("layers/cu_dnnlstm_1", "layers/lstm")
        file.create_group("layers/lstm/cell/vars")
        for key, shape in (("0", (3, 8)), ("1", (2, 8)), ("2", (8,))):
            del file[f"layers/lstm/vars/{key}"]
            file[f"layers/lstm/cell/vars/{key}"] = np.zeros(shape, "float32")
    lstm = deepkit.layers.LSTM
    model = stacked(lstm(3, return_sequences=True), lstm(2))
    with pytest.raises(WeightMismatchError, match="cu_dnnlstm"):
        model.load_weights(weights)
