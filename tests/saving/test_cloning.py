"""Copies of models, and models from JSON."""

import numpy as np
import pytest

import deepkit
from deepkit.errors import (
    ArgumentError,
    ArgumentTypeError,
    CorruptFileError,
    SerializationError,
)
from deepkit.models import clone_model, model_from_json
from tests.oracle import keras, oracle
from tests.saving.models import INPUTS, KINDS, assert_equal_values, fill, nested_class, values

Dense = deepkit.layers.Dense


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_computes_the_same_with_the_same_weights(kind):
    model = fill(KINDS[kind](deepkit))
    copy = clone_model(model)
    assert type(copy) is type(model)
    assert not {id(layer) for layer in copy.layers} & {id(layer) for layer in model.layers}
    assert any(np.any(a != b) for a, b in zip(values(copy), values(model)))
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy(INPUTS), model(INPUTS))


def test_names_and_layers_used_twice_are_kept():
    model = KINDS["drawn"](deepkit)
    copy = clone_model(model)
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    assert copy.name == model.name and len(copy.weights) == len(model.weights)


def test_compiled_models_have_compiled_copies():
    model = KINDS["chained"](deepkit)
    model.compile(deepkit.optimizers.SGD(0.5), loss="mae")
    copy = clone_model(model)
    assert copy.compiled and copy.loss == "mae"
    assert copy.optimizer is not model.optimizer and float(copy.optimizer.learning_rate) == 0.5


def test_other_layers_in_their_places():
    def wider(layer):
        config = layer.get_config()
        if isinstance(layer, Dense):
            config["units"] = 2 * config["units"]
        return type(layer).from_config(config)

    copy = clone_model(KINDS["chained"](deepkit), clone_function=wider)
    assert copy.output_shape == (None, 4)
    inputs = deepkit.Input((5,))
    drawn = clone_model(deepkit.Model(inputs, Dense(2)(inputs)), clone_function=wider)
    assert drawn.output_shape == (None, 4)


def test_other_calls_in_their_places():
    def twice(layer, *args, **kwargs):
        outputs = layer(*args, **kwargs)
        return outputs * 2.0 if isinstance(layer, Dense) else outputs

    inputs = deepkit.Input((5,))
    model = fill(deepkit.Model(inputs, Dense(2)(Dense(3)(inputs))))
    copy = clone_model(model, clone_function=lambda layer: layer, call_function=twice)
    first, second = model.layers[1:]
    expected = 2.0 * np.asarray(second(2.0 * np.asarray(first(INPUTS))))
    np.testing.assert_allclose(copy(INPUTS), expected, rtol=1e-6)


def test_models_inside_are_copied_layer_by_layer():
    def renamed(layer):
        return type(layer).from_config({**layer.get_config(), "name": f"{layer.name}_copy"})

    inner = deepkit.Sequential([deepkit.Input((5,)), Dense(3, name="a")], name="inner")
    inputs = deepkit.Input((5,))
    drawn = deepkit.Model(inputs, Dense(3, name="b")(inputs), name="drawn")
    inputs = deepkit.Input((5,))
    model = deepkit.Model(inputs, drawn(inputs) + inner(inputs))
    whole = clone_model(model, clone_function=renamed, recursive=True)
    names = {layer.name for layer in whole._flatten_layers()}
    assert {"a_copy", "b_copy", "inner", "drawn"} <= names
    flat = clone_model(model, clone_function=renamed)
    assert {layer.name for layer in flat.layers} >= {"inner_copy", "drawn_copy"}


def test_other_inputs():
    tensor = deepkit.Input((5,), batch_size=7)
    for kind in ("chained", "drawn"):
        copy = clone_model(KINDS[kind](deepkit), input_tensors=tensor)
        assert copy.input_shape == (7, 5)
        assert clone_model(KINDS[kind](deepkit), input_tensors=[tensor]) is not None


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: clone_model(Dense(2)), ArgumentTypeError, "Expected a model to clone"),
        (lambda m: clone_model(m["chained"], deep=1), ArgumentTypeError, "`clone_model`: deep"),
        (
            lambda m: clone_model(m["chained"], call_function=lambda layer, x: x),
            ArgumentError,
            "it is for drawn models",
        ),
        (
            lambda m: clone_model(m["nested"], clone_function=lambda layer: layer),
            ArgumentError,
            "known to its own code only",
        ),
        (
            lambda m: clone_model(m["chained"], input_tensors=np.zeros((2, 5))),
            ArgumentError,
            "Expected symbolic tensors in `input_tensors`",
        ),
        (
            lambda m: clone_model(
                m["chained"], input_tensors=[deepkit.Input((5,)), deepkit.Input((5,))]
            ),
            ArgumentError,
            "Expected one tensor in `input_tensors` for the Sequential model .* received 2",
        ),
    ],
)
def test_wrong_arguments(call, error, words):
    models = {kind: KINDS[kind](deepkit) for kind in KINDS}
    with pytest.raises(error, match=words):
        call(models)


@pytest.mark.parametrize("kind", KINDS)
def test_json_goes_both_ways(kind):
    ours = {"Nested": nested_class(deepkit)}
    model = KINDS[kind](deepkit)
    again = model_from_json(model.to_json(), custom_objects=ours)
    again.set_weights(model.get_weights())
    assert_equal_values(values(again), values(model))
    with oracle():
        theirs = keras.models.model_from_json(
            model.to_json(), custom_objects={"Nested": nested_class(keras)}
        )
        text = KINDS[kind](keras).to_json()
    if kind != "nested":
        assert [tuple(w.shape) for w in theirs.weights] == [w.shape for w in values(model)]
    other = model_from_json(text, custom_objects=ours)
    assert [w.shape for w in values(other)] == [w.shape for w in values(model)]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (3, ArgumentTypeError, "`json_string` to be text, received int"),
        ("{", CorruptFileError, "The config in 'json_string' cannot be read"),
        ("[" * 999 + "]" * 999, CorruptFileError, "at most 256 nested brackets"),
        ("[]", SerializationError, "a description of list"),
        (
            '{"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}}',
            SerializationError,
            "a description of Dense",
        ),
    ],
)
def test_json_that_describes_no_model(text, error, words):
    with pytest.raises(error, match=words):
        model_from_json(text)
