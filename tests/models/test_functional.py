"""Drawn models: inputs and outputs in every form, shared and nested layers, configs, ops."""

import operator

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import errors, layers, ops
from tests.oracle import keras, oracle

RNG = np.random.default_rng(1)
A = RNG.random((10, 3), "float32")
B = RNG.random((10, 2), "float32")


def parts():
    return deepkit.Input((3,), name="a"), deepkit.Input((2,), name="b")


FORMS = {
    "list": lambda a, b: [a, b],
    "tuple": lambda a, b: (a, b),
    "dict": lambda a, b: {"first": a, "second": b},
    "nested": lambda a, b: {"x": [a], "y": {"z": b}},
}


@pytest.mark.parametrize("form", FORMS)
def test_inputs_and_outputs_keep_their_form(form):
    pack = FORMS[form]
    a, b = parts()
    model = deepkit.Model(pack(a, b), pack(layers.Dense(3)(a), layers.Dense(2)(b)))
    outputs = model.predict(pack(A, B), batch_size=4, verbose=0)
    assert deepkit.tree.map_structure(np.shape, outputs) == deepkit.tree.map_structure(
        np.shape, pack(A, B)
    )
    model.compile(optimizer="sgd", loss="mse")
    history = model.fit(pack(A, B), pack(A, B), batch_size=4, epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0]


def test_values_are_those_of_the_parts():
    a, b = parts()
    shared = layers.Dense(4)
    first = shared(a)
    second = shared(layers.Dense(3)(b))
    model = deepkit.Model([a, b], ops.concatenate([first, second * 2.0], axis=-1) + 1)
    kernel, bias, other, other_bias = (np.asarray(w) for w in model.weights)
    if kernel.shape != (3, 4):
        other, other_bias, kernel, bias = kernel, bias, other, other_bias
    expected = np.hstack([A @ kernel + bias, 2 * ((B @ other + other_bias) @ kernel + bias)]) + 1
    # Three products and sums of float32.
    np.testing.assert_allclose(model.predict([A, B], verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert len(model.weights) == 4 and model.count_params() == 16 + 9


def build(library):
    a, b = library.Input((3,), name="a"), library.Input((2,), name="b")
    inner = library.Sequential(
        [library.Input((2,)), library.layers.Dense(3), library.layers.BatchNormalization()],
        name="inner",
    )
    merged = library.layers.Concatenate(name="joined")(
        [library.layers.Dense(2, name="z")(a), inner(b)]
    )
    normalized = library.layers.BatchNormalization(name="norm")(merged)
    return library.Model(
        {"a": a, "b": b}, library.layers.Dense(1, name="head")(normalized), name="model"
    )


def test_weights_come_in_the_order_of_keras():
    with oracle():
        theirs = build(keras)
        values = theirs.get_weights()
        expected = theirs.predict({"a": A, "b": B}, verbose=0)
        names = [[w.name for w in ws] for ws in (theirs.weights, theirs.trainable_weights)]
        layers_found = [layer.name for layer in theirs.layers]
        total = theirs.count_params()
    ours = build(deepkit)
    assert [v.shape for v in ours.weights] == [v.shape for v in values]
    assert [[w.name for w in ws] for ws in (ours.weights, ours.trainable_weights)] == names
    assert [layer.name for layer in ours.layers] == layers_found
    assert ours.count_params() == total
    ours.set_weights(values)
    # The same sums in float32.
    np.testing.assert_allclose(
        ours.predict({"a": A, "b": B}, verbose=0), expected, rtol=1e-5, atol=1e-6
    )
    for found, value in zip(ours.get_weights(), values, strict=True):
        np.testing.assert_array_equal(found, value)


def test_a_config_gives_the_same_model():
    model = build(deepkit)
    again = deepkit.Model.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    inputs = {"a": A, "b": B}
    np.testing.assert_array_equal(
        again.predict(inputs, verbose=0), model.predict(inputs, verbose=0)
    )


def test_ops_in_a_config():
    a, _ = parts()
    model = deepkit.Model(a, 2.0 * ops.tanh(a) + ops.mean(a, axis=1, keepdims=True) ** 2 - a[:, :1])
    again = deepkit.Model.from_config(model.get_config())
    np.testing.assert_array_equal(model(A), again(A))
    expected = 2 * np.tanh(A) + A.mean(axis=1, keepdims=True) ** 2 - A[:, :1]
    # XLA's tanh is good to a few units in the last place.
    np.testing.assert_allclose(model(A), expected, rtol=1e-5, atol=1e-6)


LEFT = {
    "variable": lambda: deepkit.Variable([1.0, 2.0, 3.0]),
    "jax": lambda: jnp.asarray([1.0, 2.0, 3.0]),
    "numpy": lambda: np.asarray([1.0, 2.0, 3.0], "float32"),
    "number": lambda: 2.0,
}


SYMBOLS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.lt,
    operator.ge,
]


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_operators_with_a_symbolic_right_side(left, symbol):
    value, (a, _) = LEFT[left](), parts()
    model = deepkit.Model(a, symbol(value, a))
    # Powers and quotients of float32 differ from NumPy's in the last places.
    np.testing.assert_allclose(model(A), symbol(np.asarray(value), A), rtol=1e-5)


def test_training_reaches_the_layers_of_a_drawn_model():
    a, _ = parts()
    dropped = layers.Dropout(0.5)(a)
    model = deepkit.Model(a, dropped)
    np.testing.assert_array_equal(model(A), A)
    assert (np.asarray(model(A, training=True)) == 0).any()


@pytest.mark.parametrize("outer", [None, False, True])
def test_training_given_while_drawing_is_kept_to(outer):
    a, _ = parts()
    always = deepkit.Model(a, layers.Dropout(0.5)(a, training=True))
    assert (np.asarray(always(A, training=outer)) == 0).any()
    inner = deepkit.Sequential([deepkit.Input((3,)), layers.Dropout(0.5)])
    never = deepkit.Model(a, inner(a, training=False))
    np.testing.assert_array_equal(never(A, training=outer), A)
    again = deepkit.Model.from_config(never.get_config())
    np.testing.assert_array_equal(again(A, training=outer), A)


def test_a_default_that_keras_writes_down_is_no_choice():
    with oracle():
        x = keras.Input((3,))
        theirs = keras.Model(x, keras.layers.Dropout(0.5)(x)).get_config()
    assert theirs["layers"][1]["inbound_nodes"][0]["kwargs"] == {"training": False}
    model = deepkit.Model.from_config(theirs)
    assert (np.asarray(model(A, training=True)) == 0).any()


def test_frozen_normalization_inside_keeps_its_statistics():
    inner = deepkit.Sequential([deepkit.Input((3,)), layers.BatchNormalization()])
    inner.trainable = False
    a, _ = parts()
    model = deepkit.Model(a, layers.Dense(1)(inner(a)))
    model.compile(optimizer="sgd", loss="mse")
    before = inner.get_weights()
    model.fit(A, A[:, :1], verbose=0)
    for old, new in zip(before, inner.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert [len(model.trainable_weights), len(model.non_trainable_weights)] == [2, 4]


def test_part_of_a_model_is_a_model():
    model = build(deepkit)
    head = deepkit.Model(model.inputs, model.get_layer("norm").output)
    assert head.output_shape == (None, 5) and head.get_layer("inner") is model.get_layer("inner")
    features = head.predict({"a": A, "b": B}, verbose=0)
    kernel, bias = model.get_layer("head").get_weights()
    # One product of float32.
    np.testing.assert_allclose(
        features @ kernel + bias, model.predict({"a": A, "b": B}, verbose=0), rtol=1e-5, atol=1e-6
    )


def test_shapes_and_names():
    model = build(deepkit)
    assert model.input_shape == {"a": (None, 3), "b": (None, 2)}
    assert model.output_shape == (None, 1)
    assert model.input_names == ["a", "b"] and model.output_names == ["head"]
    assert repr(model) == "<Model name=model, built=True>"


def case_twice():
    a, _ = parts()
    return deepkit.Model([a, a], layers.Dense(1)(a))


def case_other_input():
    a, b = parts()
    return deepkit.Model(a, layers.Dense(1)(b))


def case_name_twice():
    a, b = parts()
    joined = [layers.Dense(1, name="same")(a), layers.Dense(1, name="same")(b)]
    return deepkit.Model([a, b], joined)


REFUSED = {
    "an array": (lambda: deepkit.Model(A, A), "Expected `inputs` to hold symbolic tensors"),
    "outputs alone": (lambda: deepkit.Model(outputs=parts()[0]), "both `inputs` and `outputs`"),
    "twice": (case_twice, "appears twice"),
    "another input": (case_other_input, "depend on the input 'b'"),
    "a name twice": (case_name_twice, "['same'] is used more than once"),
    "an index": (lambda: build(deepkit).get_layer(index=99), "`index` below"),
    "no name": (lambda: build(deepkit).get_layer(), "either `name` or `index`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn(case):
    make, text = REFUSED[case]
    with pytest.raises(errors.ArgumentError) as raised:
        make()
    assert text in str(raised.value)
