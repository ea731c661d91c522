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


def warnings_of(release, net):
    """What loading warns of, to be entered each time."""
    if net in ("cudnn_lstm", "cudnn_wrapped"):
        return pytest.warns(UserWarning, match="two biases where LSTM has one")
    return warnings_of_weights(release)


def warnings_of_weights(release):
    # It does not note the engine, and all of these nets have convolutions.
    if release == "keras_1.2.2_theano":
        return pytest.warns(UserWarning, match="kernels of convolutions were turned around")
    return contextlib.nullcontext()


@pytest.mark.parametrize(("release", "net"), [c for c in cases() if "same_odd" not in c[1]])
def test_models(release, net, files_of):
    whole, weights, expected = files_of(release, net)
    with warnings_of(release, net):
        model = load_model(whole)
    np.testing.assert_allclose(model.predict(expected["x"]), expected["predictions"], **CLOSE)
    for by_name in (False, True):
        other = deepkit.models.clone_model(model)
        with warnings_of_weights(release):
            other.load_weights(weights, by_name=by_name)
        assert_equal_values(values(other), values(model))
    x, y = expected["x"], expected["y"]
    model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.predict(x), expected["later"], **CLOSE_LATER)


@pytest.mark.parametrize(("release", "net"), [c for c in cases() if "transposed" in c[1]])
def test_transposed_convolutions_of_keras_1(release, net, files_of):
    """Their weights in a model of today."""
    whole, weights, expected = files_of(release, net)
    layers, order = deepkit.layers, f"channels_{'first' if net.endswith('th') else 'last'}"
    model = deepkit.Sequential(
        [
            deepkit.Input(expected["x"].shape[1:]),
            layers.Conv2DTranspose(2, (2, 3), data_format=order),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    for path in (weights, whole):
        with warnings_of_weights(release):
            model.load_weights(path)
        predictions = model.predict(expected["x"], verbose=0)
        np.testing.assert_allclose(predictions, expected["predictions"], **CLOSE)
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])


def changed(path, edit):
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def test_the_backend_that_a_file_names_counts(files_of):
    """Keras 2 names it, and names of variables say nothing then."""
    whole, weights, _ = files_of("keras_2.2.4_theano", "sequences")
    model = load_model(whole)
    turned = values(model)[0][::-1]
    for path in (whole, weights):
        groups = ["/"] if path == weights else ["/", "model_weights"]

        def rename(file, groups=groups):
            for group in groups:
                file[group].attrs["backend"] = b"cntk"

        model.load_weights(changed(path, rename))
        np.testing.assert_array_equal(values(model)[0], turned)


def test_other_padding_of_theano_is_said(files_of):
    """It pads evenly, and cuts the end off; there is no such layer here."""
    _, weights, _ = files_of("keras_2.2.4_theano", "sequences")

    def net(steps):
        layers = deepkit.layers
        stack = [
            layers.Conv1D(4, 3, name="first", strides=steps, padding="same"),
            layers.Conv1D(3, 2, use_bias=False, padding="same", name="second"),
            layers.Flatten(),
            layers.Dense(2),
        ]
        return deepkit.Sequential([deepkit.Input((4 * steps, 3)), *stack])

    for steps, names in ((1, ["second"]), (2, ["first", "second"])):
        with pytest.warns(UserWarning, match=f"the results of {re.escape(str(names))} will differ"):
            net(steps).load_weights(weights)


def test_sequences_before_keras_1_2(files_of):
    """Their kernels were (out, in, length, 1)."""
    whole, weights, _ = files_of("keras_1.2.2", "sequences")
    model = load_model(whole)
    expected = values(model)

    def transpose(file):
        for layer in ("conv", "strided"):
            name = file[layer].attrs["weight_names"][0]
            kernel = file[layer][name][()]
            del file[layer][name]
            file[layer][name] = kernel.transpose(3, 2, 0, 1)

    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    model.load_weights(changed(weights, transpose))
    assert_equal_values(values(model), expected)


def test_kernels_that_do_not_fit(files_of):
    _, weights, _ = files_of("keras_1.2.2_theano", "sequences")
    layers = deepkit.layers
    stack = [
        layers.Conv1D(5, 3),
        layers.Conv1D(3, 2, strides=2, use_bias=False),
        layers.Flatten(),
        layers.Dense(2),
    ]
    model = deepkit.Sequential([deepkit.Input((8, 3)), *stack])
    before = values(model)
    differs = pytest.raises(WeightMismatchError, match=r"'conv/conv_W' has shape .* \(3, 3, 5\)")
    with warnings_of_weights("keras_1.2.2_theano"), differs:
        model.load_weights(weights)
    assert_equal_values(values(model), before)


def test_momenta_of_zero_in_another_layout(files_of):
    """Keras 1 and 2 kept them where there was no momentum, in the shapes of their kernels."""
    whole, _, expected = files_of("keras_1.2.2", "volumes_th")

    def still(file):
        text = file.attrs["training_config"]
        text = text if isinstance(text, str) else text.decode()
        file.attrs["training_config"] = re.sub('"momentum": 0.5', '"momentum": 0.0', text)

    model = load_model(changed(whole, still))
    assert model.optimizer.slots() == {} and float(model.optimizer.momentum) == 0
    np.testing.assert_allclose(model.predict(expected["x"]), expected["predictions"], **CLOSE)


# CuDNN's layers


@pytest.mark.parametrize("release", ["keras_2.2.4", "tensorflow_2.15.1"])
def test_weights_of_cudnn_meet_other_layers(release, files_of):
    _, weights, _ = files_of(release, "cudnn_gru")
    layers = deepkit.layers

    def net(**options):
        first = layers.GRU(3, return_sequences=True, **options)
        return deepkit.Sequential([deepkit.Input((4, 5)), first, layers.GRU(2), layers.Dense(2)])

    net(reset_after=True).load_weights(weights)
    model = net(reset_after=False)
    before = values(model)
    with pytest.raises(WeightMismatchError, match=r"of a CuDNNGRU, which is GRU\(reset_after=True"):
        model.load_weights(weights)
    assert_equal_values(values(model), before)
    other = deepkit.Sequential(
        [
            deepkit.Input((4, 5)),
            layers.LSTM(3, return_sequences=True),
            layers.GRU(2),
            layers.Dense(2),
        ]
    )
    with pytest.raises(WeightMismatchError, match="has shape"):
        other.load_weights(weights)


def test_files_of_today_are_taken_as_they_are(tmp_path):
    """An array that is twice as long is no weight of cuDNN's in a file of Keras 3."""
    model = deepkit.Sequential([deepkit.Input((4, 5)), deepkit.layers.LSTM(2)])
    path = tmp_path / "a.h5"
    model.save(path)

    def double(file):
        del file["deepkit_manifest"]
        group = file[f"model_weights/{model.layers[0].name}"]
        name = group.attrs["weight_names"][2]
        del group[name]
        group[name] = np.zeros(16, "float32")

    with pytest.raises(WeightMismatchError, match=r"has shape \(16,\) in the file"):
        model.load_weights(changed(path, double))


def test_layers_of_ones_own_with_such_names(tmp_path):
    """Weights that are called as those of a recurrent layer, and are of other shapes."""

    class Own(deepkit.layers.Layer):
        def build(self, input_shape):
            for name in ("kernel", "recurrent_kernel", "bias"):
                setattr(self, name, self.add_weight(name, shape=(6,)))

        def call(self, x):
            return x * self.kernel + self.bias

    model = deepkit.Sequential([deepkit.Input((6,)), Own(name="own")])
    path = tmp_path / "a.h5"
    arrays = [np.full(6, index, "float32") for index in range(3)]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"], file.attrs["keras_version"] = [b"own"], b"2.2.4"
        group = file.create_group("own")
        group.attrs["weight_names"] = [b"a:0", b"b:0", b"c:0"]
        for name, array in zip("abc", arrays):
            group[f"{name}:0"] = array
    model.load_weights(path)
    assert_equal_values(values(model), arrays)


def test_kernels_without_numbers(files_of):
    """Whose other sides no array could have."""
    _, weights, _ = files_of("keras_1.2.2", "sequences")
    layers = deepkit.layers
    model = deepkit.Sequential(
        [deepkit.Input((8, 3)), layers.Conv1D(4, 3), layers.Conv1D(3, 2, use_bias=False),
         layers.Flatten(), layers.Dense(2)]
    )  # fmt: skip

    def empty(file):
        name = file["conv"].attrs["weight_names"][0]
        del file["conv"][name]
        file["conv"].create_dataset(name, (2**62, 2**62, 0, 4), "float32", chunks=(1, 1, 1, 1),
                                    maxshape=(None,) * 4)  # fmt: skip

    with pytest.raises(deepkit.errors.DeepkitError):
        model.load_weights(changed(weights, empty))
