"""Chains of layers: built at once, later, by data; added to and cut."""

import numpy as np
import pytest

import deepkit
from deepkit import errors, layers

X, Y = np.ones((6, 3), "float32"), np.ones((6, 2), "float32")


def compiled(model):
    model.compile(optimizer="sgd", loss="mse")
    return model


@pytest.mark.parametrize("way", ["input", "build", "call", "fit", "predict", "evaluate", "older"])
def test_it_is_built_one_way_or_another(way):
    model = deepkit.Sequential([layers.Dense(4), layers.Dense(2)])
    assert not model.built and model.weights == []
    compiled(model)
    if way == "input":
        model = deepkit.Sequential([deepkit.Input((3,)), layers.Dense(4), layers.Dense(2)])
    elif way == "build":
        model.build((None, 3))
    elif way == "call":
        model(X)
    elif way == "older":
        model = deepkit.Sequential([layers.Dense(4, input_shape=(3,)), layers.Dense(2)])
    elif way == "predict":
        model.predict(X, verbose=0)
    else:
        getattr(model, way)(X, Y, verbose=0)
    assert model.built
    assert [tuple(w.shape) for w in model.weights] == [(3, 4), (4,), (4, 2), (2,)]
    assert model.predict(X, verbose=0).shape == (6, 2)


def test_layers_are_added_and_taken_off():
    model = deepkit.Sequential(name="chain")
    model.add(deepkit.Input((3,)))
    model.add(layers.Dense(4, name="first"))
    assert model.output_shape == (None, 4)
    model.add(layers.Dense(2, name="second"))
    assert compiled(model).fit(X, Y, verbose=0).history["loss"]
    assert model.pop().name == "second" and model.output_shape == (None, 4)
    model.add(layers.Dense(5, name="third"))
    assert [layer.name for layer in model.layers] == ["first", "third"]
    assert model.predict(X, verbose=0).shape == (6, 5)
    compiled(model).fit(X, np.ones((6, 5)), verbose=0)
    assert len(model.optimizer.variables) == 2  # learning rate and iterations


def test_training_goes_on_after_a_change_of_layers():
    model = compiled(deepkit.Sequential([deepkit.Input((3,)), layers.Dense(2)]))
    model.fit(X, Y, verbose=0)
    model.add(layers.Dense(2))
    compiled(model)
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    changed = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(changed)


@pytest.mark.parametrize("build", [False, True])
def test_a_config_gives_the_same_chain(build):
    model = deepkit.Sequential([layers.Dense(4, activation="relu"), layers.Dense(2)], name="c")
    if build:
        model.build((None, 3))
    again = deepkit.Sequential.from_config(model.get_config())
    assert again.built == build and again.get_config() == model.get_config()
    again(X)
    again.set_weights(again.get_weights())
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


def test_training_and_masks_are_passed_along():
    model = deepkit.Sequential(
        [deepkit.Input((3,)), layers.Dropout(0.5), layers.Activation("relu")]
    )
    np.testing.assert_array_equal(model(X), X)
    assert (np.asarray(model(X, training=True)) == 0).any()
    deferred = deepkit.Sequential([layers.Dropout(0.5)])
    assert (np.asarray(deferred(X, training=True)) == 0).any()


def test_chains_in_chains():
    inner = deepkit.Sequential([layers.Dense(4), layers.BatchNormalization()])
    model = compiled(deepkit.Sequential([inner, layers.Dense(2)]))
    model.fit(X, Y, verbose=0)
    assert len(model.weights) == 2 + 4 + 2 and len(model.trainable_weights) == 6
    assert model.layers == [inner, model.layers[1]]


def test_an_input_of_another_dtype():
    model = deepkit.Sequential([layers.Embedding(5, 2), layers.Flatten(), layers.Dense(2)])
    compiled(model).fit(np.ones((6, 3), "int32"), Y, verbose=0)
    assert model.predict(np.ones((1, 3), "int32"), verbose=0).shape == (1, 2)


REFUSED = {
    "a function": (lambda m: m.add(np.tanh), errors.ArgumentTypeError, "Wrap a function in a"),
    "a layer twice": (lambda m: m.add(m.layers[0]), errors.ArgumentError, "is in 'chain' already"),
    "a name twice": (
        lambda m: m.add(layers.Dense(1, name="one")),
        errors.ArgumentError,
        "'one' is taken",
    ),
    "a late input": (lambda m: m.add(deepkit.Input((3,))), errors.ArgumentError, "first place"),
    "no layer": (lambda m: (m.pop(), m.pop()), errors.ArgumentError, "has no layer that could"),
    "no shape": (lambda m: m.build(), errors.NotBuiltError, "the shape of the input"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_chained(case):
    use, error, text = REFUSED[case]
    model = deepkit.Sequential([layers.Dense(1, name="one")], name="chain")
    with pytest.raises(error) as raised:
        use(model)
    assert text in str(raised.value)
