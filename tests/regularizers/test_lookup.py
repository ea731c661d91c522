"""Regularizers by name, config and registration."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import regularizers
from deepkit.core import registry
from tests.oracle import keras, oracle

NAMES = sorted(
    name
    for name in dir(keras.regularizers)
    if not name.startswith("_") and name not in ("get", "serialize", "deserialize", "Regularizer")
)
CLASSES = [name for name in NAMES if name[0].isupper()]


def total(x):
    return jnp.sum(x)


@registry.register_keras_serializable("tests_regularizers")
def largest(x):
    return jnp.max(x)


@registry.register_keras_serializable("tests_regularizers")
class Scaled(regularizers.Regularizer):
    def __init__(self, by=2.0):
        self.by = by

    def __call__(self, x):
        return self.by * jnp.sum(x)

    def get_config(self):
        return {"by": self.by}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_keras_means_the_same(name):
    theirs, ours = getattr(keras.regularizers, name), getattr(regularizers, name)
    assert ours.__name__ == theirs.__name__
    parameters = [
        [(p.name, p.default) for p in inspect.signature(cls).parameters.values()]
        for cls in (ours, theirs)
    ]
    assert parameters[0] == parameters[1]
    assert type(regularizers.get(name)) is ours
    assert type(regularizers.get(ours)) is ours


def test_the_string_l1_l2_has_factors_of_its_own():
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.01, "l2": 0.01}
    assert regularizers.get("L1L2").get_config() == {"l1": 0.0, "l2": 0.0}
    assert regularizers.get("l1_l2") is not regularizers.get("l1_l2")


@pytest.mark.parametrize("name", CLASSES)
def test_configs_go_both_ways(name):
    ours = getattr(regularizers, name)(0.25)
    with oracle():
        theirs = getattr(keras.regularizers, name)(0.25)
        expected = keras.regularizers.serialize(theirs)
    written = regularizers.serialize(ours)
    assert written == expected
    old = {key: expected[key] for key in ("class_name", "config")}
    for config in (expected, old):
        assert regularizers.get(config).get_config() == ours.get_config()
    with oracle():
        assert type(keras.regularizers.deserialize(written)) is type(theirs)


def test_none_stays_none():
    assert regularizers.get(None) is None


def test_functions():
    assert regularizers.get(total) is total
    assert regularizers.deserialize(regularizers.serialize(largest)) is largest
    assert regularizers.get("tests_regularizers>largest") is largest
    with registry.custom_object_scope({"total": total}):
        assert regularizers.get("total") is total
        assert regularizers.deserialize(regularizers.serialize(total)) is total
    kernel = deepkit.Variable(np.ones((2, 2)), regularizer=regularizers.get(total))
    assert float(kernel.regularizer(kernel.value)) == 4.0


def test_classes_of_the_user():
    again = regularizers.deserialize(regularizers.serialize(Scaled(3.0)))
    assert float(again(jnp.asarray([2.0]))) == 6.0
    assert regularizers.get(Scaled).by == 2.0


def test_a_class_without_a_config_cannot_be_saved():
    class Silent(regularizers.Regularizer):
        def __call__(self, x):
            return 1.0

    message = r"Silent cannot be saved. Define `get_config\(self\)`"
    with pytest.raises(deepkit.errors.SerializationError, match=message):
        regularizers.serialize(Silent())


def test_unknown_names():
    with pytest.raises(deepkit.errors.UnknownNameError, match=r"regularizer 'l1_12'.*'l1_l2'"):
        regularizers.get("l1_12")
    with pytest.raises(deepkit.errors.ArgumentTypeError, match=r"regularizer as a name.*0.01"):
        regularizers.get(0.01)
