"""Activations by name, config and registration."""

import pytest

import deepkit
from deepkit import activations
from deepkit.core import registry
from tests.activations.cases import NAMES
from tests.oracle import keras, oracle


def plain(x):
    return x + 1


@registry.register_keras_serializable("tests_activations")
def registered(x):
    return x + 2


@registry.register_keras_serializable("tests_activations")
class Shift:
    def __init__(self, by=3):
        self.by = by

    def __call__(self, x):
        return x + self.by

    def get_config(self):
        return {"by": self.by}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def relu(x):
    """A function of the user's own with the name of a built-in one."""
    return x


@pytest.mark.parametrize("name", NAMES)
def test_names_find_the_functions(name):
    assert activations.get(name) is getattr(activations, name)
    assert activations.deserialize(name) is getattr(activations, name)
    assert activations.get(getattr(activations, name)) is getattr(activations, name)


@pytest.mark.parametrize("name", NAMES)
def test_built_in_ones_are_written_as_keras_writes_them(name):
    with oracle():
        expected = keras.activations.serialize(getattr(keras.activations, name))
    written = activations.serialize(getattr(activations, name))
    assert written == expected
    assert activations.deserialize(written) is getattr(activations, name)


def test_none_is_linear():
    assert activations.get(None) is activations.linear
    assert activations.linear("anything") == "anything"


def test_aliases():
    assert activations.swish is activations.silu
    assert activations.hard_swish is activations.hard_silu


def test_registered_function_round_trip():
    written = activations.serialize(registered)
    with oracle():
        keras.saving.register_keras_serializable("tests_activations")(registered)
        assert written == keras.activations.serialize(registered)
        assert keras.activations.deserialize(written) is registered
    assert activations.deserialize(written) is registered
    assert activations.get(written) is registered
    assert activations.get("tests_activations>registered") is registered


def test_function_in_a_custom_object_scope():
    with registry.custom_object_scope({"plain": plain}):
        assert activations.get("plain") is plain
        assert activations.deserialize(activations.serialize(plain)) is plain
    assert activations.deserialize("plain", custom_objects={"plain": plain}) is plain
    with pytest.raises(deepkit.errors.SerializationError, match="Unknown function 'plain'"):
        activations.deserialize(activations.serialize(plain))


def test_class_round_trip():
    again = activations.get(activations.serialize(Shift(by=5)))
    assert isinstance(again, Shift)
    assert again.by == 5
    assert activations.get(Shift).by == 3
    assert activations.get("tests_activations>Shift").by == 3


def test_a_name_alone_does_not_make_a_function_built_in():
    written = activations.serialize(relu)
    assert written["class_name"] == "function"
    assert activations.deserialize(written, custom_objects={"relu": relu}) is relu


def test_unknown_name_lists_the_closest():
    with pytest.raises(deepkit.errors.UnknownNameError, match=r"'rellu'.*'relu'"):
        activations.get("rellu")
    with pytest.raises(deepkit.errors.UnknownNameError, match=r"'sofmax'.*'softmax'"):
        activations.deserialize("sofmax")
    with pytest.raises(ValueError, match="Unknown activation 'none of these'"):
        activations.get("none of these")


def test_neither_name_nor_callable():
    with pytest.raises(
        deepkit.errors.ArgumentTypeError, match=r"activation as a name.* received 3"
    ):
        activations.get(3)


def test_objects_without_a_config_cannot_be_written():
    with pytest.raises(deepkit.errors.SerializationError, match="get_config"):
        activations.serialize(object())
