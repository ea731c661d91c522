"""Weights of PyTorch's modules give the same predictions here; `make_torch_golden.py` made them."""

import pathlib

import numpy as np
import pytest
from safetensors.numpy import load_file

import deepkit
from deepkit import layers
from deepkit.errors import ArgumentError
from deepkit.saving import load_weights_from

FOLDER = pathlib.Path(__file__).parent / "torch_files"
EXAMPLES = dict(np.load(FOLDER / "examples.npz"))


def _last(array):
    """PyTorch has channels first, and layers here have them last."""
    return np.moveaxis(array, 1, -1)


def _plain(array):
    return array


class Attends(deepkit.Model):
    def __init__(self, **kwargs):
        super().__init__()
        self.attn = layers.MultiHeadAttention(2, 3, **kwargs)

    def call(self, inputs):
        query, key, value = inputs
        return self.attn(query, value, key)


class EncoderLayer(deepkit.Model):
    def __init__(self):
        super().__init__()
        self.self_attn = layers.MultiHeadAttention(2, 3)
        self.linear1 = layers.Dense(8, activation="relu")
        self.linear2 = layers.Dense(6)
        self.norm1 = layers.LayerNormalization(epsilon=1e-5)
        self.norm2 = layers.LayerNormalization(epsilon=1e-5)

    def call(self, x):
        x = self.norm1(x + self.self_attn(x, x))
        return self.norm2(x + self.linear2(self.linear1(x)))


class Block(layers.Layer):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = layers.Conv2D(channels, 3, padding="same", use_bias=False)
        self.bn1 = layers.BatchNormalization(epsilon=1e-5)
        self.conv2 = layers.Conv2D(channels, 3, padding="same", use_bias=False)
        self.bn2 = layers.BatchNormalization(epsilon=1e-5)

    def call(self, x):
        y = deepkit.ops.relu(self.bn1(self.conv1(x)))
        return deepkit.ops.relu(x + self.bn2(self.conv2(y)))


class ResidualNet(deepkit.Model):
    def __init__(self):
        super().__init__()
        self.stem = layers.Conv2D(4, 3, padding="same", activation="relu")
        self.blocks = [Block(4) for _ in range(2)]
        self.head = layers.Dense(5)

    def call(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(deepkit.ops.mean(x, axis=(1, 2)))


def _of(*chain):
    return lambda: deepkit.Sequential(list(chain))


def _lstm(**kwargs):
    return layers.LSTM(4, return_sequences=True, **kwargs)


RNN = {"rnn": "layers.0"}

# The model, the names, and how inputs and outputs lie.
CASES = {
    "linear": (_of(layers.Dense(3)), None, _plain),
    "linear_without_bias": (_of(layers.Dense(3, use_bias=False)), None, _plain),
    "embedding": (_of(layers.Embedding(7, 3)), None, _plain),
    "conv1d": (_of(layers.Conv1D(6, 3)), None, _last),
    "conv1d_groups": (_of(layers.Conv1D(6, 3, groups=2, strides=2)), None, _last),
    "conv2d": (_of(layers.Conv2D(4, (3, 2))), None, _last),
    "conv3d": (_of(layers.Conv3D(3, (2, 3, 2))), None, _last),
    "conv_transpose1d": (_of(layers.Conv1DTranspose(4, 3, strides=2)), None, _last),
    "conv_transpose2d": (_of(layers.Conv2DTranspose(4, (3, 2), strides=(2, 1))), None, _last),
    "conv_transpose3d": (_of(layers.Conv3DTranspose(3, 2, strides=2)), None, _last),
    "depthwise1d": (_of(layers.DepthwiseConv1D(3, depth_multiplier=2)), None, _last),
    "depthwise2d": (_of(layers.DepthwiseConv2D(3, depth_multiplier=2)), None, _last),
    "separable2d": (_of(layers.SeparableConv2D(4, 3, depth_multiplier=2)), None, _last),
    "batch_norm": (_of(layers.BatchNormalization(epsilon=1e-5)), None, _last),
    "layer_norm": (_of(layers.LayerNormalization(epsilon=1e-5)), None, _plain),
    "group_norm": (_of(layers.GroupNormalization(2, epsilon=1e-5)), None, _last),
    "rms_norm": (_of(layers.RMSNormalization(epsilon=1e-6)), None, _plain),
    "prelu": (_of(layers.PReLU(shared_axes=[1])), None, _last),
    "lstm": (_of(_lstm()), RNN, _plain),
    "lstm_two_layers": (
        _of(_lstm(), _lstm()),
        lambda name: f"layers.{name[-1]}.{name[len('rnn.') : -1]}0",
        _plain,
    ),
    "lstm_both_ways": (_of(layers.Bidirectional(_lstm())), RNN, _plain),
    "gru": (_of(layers.GRU(4, return_sequences=True)), RNN, _plain),
    "gru_without_bias": (
        _of(layers.GRU(4, return_sequences=True, use_bias=False)),
        RNN,
        _plain,
    ),
    "rnn": (_of(layers.SimpleRNN(4, return_sequences=True)), RNN, _plain),
    "attention": (Attends, None, _plain),
    "attention_of_sizes": (Attends, None, _plain),
    "encoder_layer": (EncoderLayer, None, _plain),
    "residual_net": (ResidualNet, None, _last),
}


@pytest.mark.parametrize("case", CASES)
def test_predictions_are_those_of_pytorch(case):
    make, rename, lie = CASES[case]
    inputs = [lie(EXAMPLES[name]) for name in sorted(EXAMPLES) if name.startswith(f"{case}/input")]
    model = make()
    given = inputs[0] if len(inputs) == 1 else inputs
    model(given)
    if rename is None and isinstance(model, deepkit.Sequential):
        rename = lambda name: f"layers.0.{name}"  # noqa: E731
    report = load_weights_from(
        model, FOLDER / f"{case}.safetensors", rename, layout="torch", verbose=False
    )
    assert len(report.matched) == len(model.weights)
    expected = EXAMPLES[f"{case}/output"]
    expected = lie(expected) if case != "residual_net" else expected
    np.testing.assert_allclose(np.asarray(model(given)), expected, rtol=1e-5, atol=1e-5)


def test_cells_take_the_weights_of_cells():
    state = _arrays("gru")
    cell = {name.removeprefix("rnn.").removesuffix("_l0"): array for name, array in state.items()}
    whole = deepkit.Sequential([layers.GRU(4)])
    inside = deepkit.Sequential([layers.RNN(layers.GRUCell(4))])
    x = EXAMPLES["gru/input0"]
    expected = EXAMPLES["gru/output"][:, -1]
    for model, path in ((whole, "layers.0"), (inside, "layers.0.cell")):
        model(x)
        model.load_weights_from(
            cell, lambda name, path=path: f"{path}.{name}", layout="torch", verbose=False
        )
        np.testing.assert_allclose(np.asarray(model(x)), expected, rtol=1e-5, atol=1e-5)


def _arrays(case):
    return load_file(FOLDER / f"{case}.safetensors")


def test_a_gru_of_another_kind_is_refused():
    model = deepkit.Sequential([layers.GRU(4, reset_after=False)])
    model(EXAMPLES["gru/input0"])
    with pytest.raises(ArgumentError, match="Expected `reset_after=True` of the layer"):
        load_weights_from(model, _arrays("gru"), layout="torch")
