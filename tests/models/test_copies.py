"""Copies of models and layers, by `copy` and `pickle`, are whole and independent."""

import copy
import pickle

import numpy as np
import pytest

import deepkit
from deepkit import layers
from tests.layers.catalogue import ROWS
from tests.saving.models import INPUTS, KINDS, TARGETS

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda it: pickle.loads(pickle.dumps(it))}
FIRST_ROWS = {row.name: row for row in reversed(ROWS)}.values()


class Branch(deepkit.Model):
    """Its class can be found by `pickle`, unlike those that functions make."""

    def __init__(self):
        super().__init__()
        self.parts = {"out": [layers.Dense(2)]}
        self.noise = layers.Dropout(0.5, seed=2)
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, x, training=None):
        return self.parts["out"][0](self.noise(x, training=training)) * self.scale


MODELS = {**{kind: lambda kind=kind: KINDS[kind](deepkit) for kind in KINDS}, "branch": Branch}
FIT = {"batch_size": 3, "epochs": 2, "shuffle": False, "verbose": 0}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_goes_on_by_itself_as_the_model_would(way, kind):
    if (way, kind) == ("pickle", "nested"):
        pytest.skip("pickle finds no classes that functions make")
    model = MODELS[kind]()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(INPUTS, TARGETS, **FIT)
    before = [np.array(outputs) for outputs in (model(INPUTS), model(INPUTS))]
    twin = WAYS[way](model)
    history = twin.fit(INPUTS, TARGETS, **FIT)
    np.testing.assert_array_equal(model(INPUTS), before[1])
    expected = model.fit(INPUTS, TARGETS, **FIT)
    assert history.history == expected.history
    assert not np.array_equal(model(INPUTS), before[1])
    np.testing.assert_array_equal(twin(INPUTS), model(INPUTS))
    assert not {id(v) for v in twin.variables} & {id(v) for v in model.variables}


@pytest.mark.parametrize("row", FIRST_ROWS, ids=str)
def test_every_layer_can_be_pickled(row):
    layer, inputs = row.make(layers), row.make_inputs()
    expected = layer(inputs, **row.call)
    again = pickle.loads(pickle.dumps(layer))
    assert again.built and len(again.variables) == len(layer.variables)
    for ours, theirs in zip(
        deepkit.tree.flatten(again(inputs, **row.call)), deepkit.tree.flatten(expected)
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_layer_that_has_no_weights_yet_can_be_copied():
    layer = copy.deepcopy(layers.Dense(3))
    assert not layer.built
    assert layer(INPUTS).shape == (6, 3)


def test_values_that_were_not_read_yet_are_those_of_the_copy():
    layer = layers.BatchNormalization(gamma_initializer=deepkit.initializers.RandomNormal(seed=3))
    layer.build((None, 4))
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(again.gamma.numpy(), layer.gamma.numpy())
