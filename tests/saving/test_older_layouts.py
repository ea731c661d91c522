"""Weights that older Keras laid out in another way: kernels, and those of CuDNN's layers."""

import contextlib
import pathlib
import re
import zipfile

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import WeightMismatchError
from deepkit.saving import load_model
from tests.saving.models import assert_equal_values, values

LAYOUTS = pathlib.Path(__file__).parent / "layouts"
# What float32 and another order of sums leave.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
# After two epochs more.
CLOSE_LATER = {"rtol": 1e-4, "atol": 1e-5}
BIASES = "two biases where LSTM has one"


def cases():
    for path in sorted(LAYOUTS.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".npz"):
                    yield path.stem, name.removesuffix(".npz")


@pytest.fixture
def files_of(tmp_path):
    """Unpacks the files of a net: of the whole model, of the weights, and the numbers."""

    def unpacked(release, net):
        with zipfile.ZipFile(LAYOUTS / f"{release}.zip") as archive:
            for name in (f"{net}.h5", f"{net}_weights.h5", f"{net}.npz"):
                archive.extract(name, tmp_path)
        with np.load(tmp_path / f"{net}.npz") as numbers:
            return tmp_path / f"{net}.h5", tmp_path / f"{net}_weights.h5", dict(numbers)

    return unpacked


def has_lstm(net):
    return net in ("cudnn_lstm", "cudnn_wrapped")


@pytest.mark.parametrize(("release", "net"), [c for c in cases() if "transposed" not in c[1]])
def test_models(release, net, files_of):
    whole, weights, expected = files_of(release, net)
    context = pytest.warns(UserWarning, match=BIASES) if has_lstm(net) else contextlib.nullcontext()
    with context:
        model = load_model(whole)
    np.testing.assert_allclose(model.predict(expected["x"]), expected["predictions"], **CLOSE)
    for by_name in (False, True):
        other = deepkit.models.clone_model(model)
        other.load_weights(weights, by_name=by_name)
        assert_equal_values(values(other), values(model))
    x, y = expected["x"], expected["y"]
    model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.predict(x), expected["later"], **CLOSE_LATER)
