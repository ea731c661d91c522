"""Constraints by name, config and registration."""

import inspect

import jax.numpy as jnp
import pytest

import deepkit
from deepkit import constraints
from deepkit.core import registry
from tests.oracle import keras, oracle

NAMES = sorted(
    name
    for name in dir(keras.constraints)
    if not name.startswith("_") and name not in ("get", "serialize", "deserialize", "Constraint")
)
CLASSES = [name for name in NAMES if name[0].isupper()]


def halve(w):
    return w / 2


@registry.register_keras_serializable("tests_constraints")
def positive(w):
    return jnp.abs(w)


@registry.register_keras_serializable("tests_constraints")
class Divide(constraints.Constraint):
    def __init__(self, by=2.0):
        self.by = by

    def __call__(self, w):
        return w / self.by

    def get_config(self):
        return {"by": self.by}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_keras_means_the_same(name):
    theirs, ours = getattr(keras.constraints, name), getattr(constraints, name)
    assert ours.__name__ == theirs.__name__
    parameters = [
        [(p.name, p.default) for p in inspect.signature(cls).parameters.values()]
        for cls in (ours, theirs)
    ]
    assert parameters[0] == parameters[1]
    assert type(constraints.get(name)) is ours
    assert type(constraints.get(ours)) is ours


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("options", [{}, {"axis": [0, 1]}])
def test_configs_go_both_ways(name, options):
    options = {} if name == "NonNeg" else options
    ours = getattr(constraints, name)(**options)
    with oracle():
        theirs = getattr(keras.constraints, name)(**options)
        expected = keras.constraints.serialize(theirs)
    written = constraints.serialize(ours)
    assert written == expected
    old = {key: expected[key] for key in ("class_name", "config")}
    for config in (expected, old):
        assert constraints.get(config).get_config() == ours.get_config()
    with oracle():
        assert type(keras.constraints.deserialize(written)) is type(theirs)


def test_a_tuple_of_axes_survives_its_config():
    again = constraints.deserialize(constraints.serialize(constraints.MaxNorm(axis=(0, 1))))
    assert again.axis == [0, 1]


def test_none_stays_none():
    assert constraints.get(None) is None


def test_functions():
    assert constraints.get(halve) is halve
    assert constraints.deserialize(constraints.serialize(positive)) is positive
    with registry.custom_object_scope({"halve": halve}):
        assert constraints.get("halve") is halve
        assert constraints.deserialize(constraints.serialize(halve)) is halve
    with pytest.raises(deepkit.errors.SerializationError, match="Unknown function 'halve'"):
        constraints.deserialize(constraints.serialize(halve))


def test_classes_of_the_user():
    again = constraints.deserialize(constraints.serialize(Divide(4.0)))
    assert again.by == 4.0
    assert constraints.get(Divide).by == 2.0
    assert constraints.get("tests_constraints>Divide")(8.0) == 4.0


def test_unknown_names():
    with pytest.raises(deepkit.errors.UnknownNameError, match=r"constraint 'maxnorm'.*'MaxNorm'"):
        constraints.get("maxnorm")
    with pytest.raises(deepkit.errors.ArgumentTypeError, match=r"constraint as a name.*received 2"):
        constraints.get(2)
