"""Ops in drawn models go to Keras and back, with the arguments that they were called with."""

import inspect
import operator

import jax
import numpy as np
import pytest

import deepkit
from deepkit.errors import SerializationError
from deepkit.models import model_from_json
from tests.ops import catalogue, nn_catalogue
from tests.oracle import keras, oracle
from tests.saving.models import INPUTS, fill

ROWS = [*catalogue.ROWS_OF_ALL, *nn_catalogue.ROWS_OF_NN]
DRAWABLE = [row for row in ROWS if row.symbolic]


def _drawn(k, row):
    """A model of one op, with an input for each array."""
    symbols = []

    def draw(value):
        if isinstance(value, list | tuple):
            return type(value)(draw(item) for item in value)
        if not isinstance(value, np.ndarray):
            return value
        name = f"x{len(symbols)}"
        symbols.append(k.Input(batch_shape=value.shape, dtype=value.dtype.name, name=name))
        return symbols[-1]

    outputs = operator.attrgetter(row.name)(k.ops)(*draw(row.args), **row.kwargs)
    return k.Model(symbols, outputs)


def _plain(value):
    """A value in which kinds of lists make no difference."""
    if isinstance(value, dict):
        # Keras writes the default of the data format, deepkit that none was given.
        spelled = {"data_format": value.get("data_format") or "channels_last"}
        value = {**value, **spelled} if "data_format" in value else value
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, deepkit.KerasTensor | keras.KerasTensor):
        return value.name
    return value.tolist() if isinstance(value, np.ndarray | jax.Array) else value


def _bound(function, args, kwargs):
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return _plain(dict(bound.arguments))


def _ops_of(model):
    """The ops of our model, with all the arguments of their calls."""
    found = []
    for operation in model.operations:
        if hasattr(operation, "function"):
            node = operation._inbound_nodes[0]
            arguments = _bound(operation.function, node.args, node.kwargs)
            found.append((operation.function.__name__, arguments))
    return found


def _ops_of_keras(model):
    """The ops of a model of Keras, with all the arguments of their constructors and calls."""
    found = []
    for operation in model.operations:
        if not isinstance(operation, keras.layers.Layer):
            arguments = operation._inbound_nodes[0].arguments
            call = _bound(operation.call, arguments.args, arguments.kwargs)
            config = {k: v for k, v in operation.get_config().items() if k != "name"}
            class_name = ALIASES.get(type(operation).__name__, type(operation).__name__)
            found.append((class_name, _plain(config), call))
    return found


# Names of the same class.
ALIASES = {
    "BitwiseNot": "BitwiseInvert",
    "LeftShift": "BitwiseLeftShift",
    "RightShift": "BitwiseRightShift",
    "TrueDivide": "Divide",
}
# Ops that Keras draws as several others, or with arguments that it cannot write.
ONLY_OURS = {"rearrange", "extract_patches_3d", "trapezoid", "clip"}
# Ops that Keras does not draw with some arguments, or does not read from its own configs.
NOT_IN_KERAS = {*ONLY_OURS, "hstack", "argsort", "get_item", "affine_transform", "stft"}
NOT_IN_KERAS |= {"histogram", "istft", "conv", "separable_conv"}
NOT_IN_KERAS |= {"adaptive_average_pool", "adaptive_max_pool"}
# Keras writes these with all defaults worked out.
SPELLED_OUT = {"extract_patches", "one_hot", "multi_hot"}


@pytest.mark.parametrize("row", DRAWABLE, ids=str)
def test_each_op_goes_both_ways(row):
    ours = _drawn(deepkit, row)
    name = row.name.split(".")[-1]
    assert _ops_of(model_from_json(ours.to_json())) == _ops_of(ours)
    with oracle():
        try:
            theirs = _drawn(keras, row)
            text, expected = theirs.to_json(), _ops_of_keras(theirs)
            keras.models.model_from_json(text)
        except (AttributeError, IndexError, NotImplementedError, TypeError, ValueError):
            assert name in NOT_IN_KERAS
            return
        if any(entry["class_name"] == "FunctionOperation" for entry in ours.get_config()["layers"]):
            assert name in ONLY_OURS
            return
        found = _ops_of_keras(keras.models.model_from_json(ours.to_json()))
        assert found == expected or name in SPELLED_OUT
    again = model_from_json(text)
    assert _plain(again.output_shape) == _plain(ours.output_shape)
    if name not in SPELLED_OUT:
        assert _ops_of(again) == _ops_of(ours)


def _with_ops(k):
    inputs = k.Input((5,))
    x = k.layers.Dense(4)(inputs)
    x = 2.0 * k.ops.concatenate([x[:, 1:], k.ops.relu(-x)], axis=1) - 1.0
    x = k.ops.reshape(x, (-1, 7, 1)) + k.ops.mean(x, axis=1, keepdims=True)[:, :, None]
    return k.Model(inputs, k.layers.Dense(2)(k.ops.einsum("bij->bji", x) ** 2)[:, 0])


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_files_of_models_with_ops(ending, tmp_path):
    ours = fill(_with_ops(deepkit))
    with oracle():
        theirs = fill(_with_ops(keras))
        theirs.save(str(tmp_path / f"theirs{ending}"))
        expected = np.asarray(theirs(INPUTS))
    ours.save(tmp_path / f"ours{ending}")
    with oracle():
        loaded = keras.saving.load_model(str(tmp_path / f"ours{ending}"))
        np.testing.assert_allclose(np.asarray(loaded(INPUTS)), expected, rtol=1e-5, atol=1e-5)
    for who in ("ours", "theirs"):
        loaded = deepkit.saving.load_model(tmp_path / f"{who}{ending}")
        # Sums of a few products in float32, in another order.
        np.testing.assert_allclose(loaded(INPUTS), expected, rtol=1e-5, atol=1e-5)


def test_ops_that_are_unknown():
    inputs = deepkit.Input((5,))
    text = deepkit.Model(inputs, deepkit.ops.relu(inputs)).to_json()
    for name in ("NoSuchOp", "While", "CustomGradient", "Vectorize"):
        with pytest.raises(SerializationError, match=f"an op '{name}' that deepkit does not have"):
            model_from_json(text.replace('"Relu"', f'"{name}"'))
