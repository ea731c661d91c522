"""Layers of a trained model reused in another one: shared, cloned, frozen and set free again."""

import numpy as np
import pytest

import deepkit
from tests.programs.data import regression

X, Y = regression()
LABELS = (Y > 0).astype("float32")


@pytest.fixture
def model_a():
    model = deepkit.Sequential(
        [
            deepkit.Input((8,)),
            deepkit.layers.Dense(6, activation="relu"),
            deepkit.layers.BatchNormalization(),
            deepkit.layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
    model.fit(X, np.arange(64) % 4, epochs=1, verbose=0)
    return model


def _on_top_of(layers):
    model = deepkit.Sequential([*layers, deepkit.layers.Dense(1, activation="sigmoid")])
    model.build((None, 8))
    return model


def _train(model):
    optimizer = deepkit.optimizers.SGD(0.1)
    model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    model.fit(X, LABELS, epochs=1, verbose=0)


def _changed(before, model):
    return [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]


def test_shared_layers_are_trained_in_both(model_a):
    before = model_a.get_weights()
    _train(_on_top_of(model_a.layers[:-1]))
    assert _changed(before, model_a) == [True] * 6 + [False] * 2


def test_a_clone_is_trained_alone(model_a):
    before = model_a.get_weights()
    clone = deepkit.models.clone_model(model_a)
    clone.set_weights(model_a.get_weights())
    np.testing.assert_array_equal(clone.predict(X, verbose=0), model_a.predict(X, verbose=0))
    _train(_on_top_of(clone.layers[:-1]))
    assert _changed(before, model_a) == [False] * 8
    assert any(_changed(before, clone))


def test_frozen_layers_stay_and_then_move(model_a):
    model_b = _on_top_of(model_a.layers[:-1])
    for layer in model_b.layers[:-1]:
        layer.trainable = False
    assert len(model_b.trainable_variables) == 2
    before = model_b.get_weights()
    _train(model_b)
    # A frozen batch normalization keeps its statistics too.
    assert _changed(before, model_b) == [False] * 6 + [True] * 2

    for layer in model_b.layers[:-1]:
        layer.trainable = True
    before = model_b.get_weights()
    _train(model_b)
    assert _changed(before, model_b) == [True] * 8


def test_a_part_of_a_drawn_model_gives_its_features(model_a):
    features = deepkit.Model(model_a.inputs, model_a.layers[0].output)
    kernel, bias = model_a.layers[0].get_weights()
    expected = np.maximum(X @ kernel + bias, 0)
    np.testing.assert_allclose(features.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
