"""Configs are Keras's, come back as equal optimizers, and names are found in any case."""

import pytest

import deepkit
from deepkit import optimizers
from deepkit.core import errors
from tests.optimizers.catalogue import EVERYTHING
from tests.oracle import keras, oracle


def make(lib, name):
    row = EVERYTHING[name]
    return getattr(lib.optimizers, row.class_name)(
        learning_rate=0.25, name="named", **row.arguments
    )


@pytest.mark.parametrize("name", EVERYTHING)
def test_configs_are_those_of_keras(name):
    ours = make(deepkit, name)
    config = optimizers.serialize(ours)
    assert optimizers.deserialize(config).get_config() == ours.get_config()
    with oracle():
        theirs = make(keras, name)
        assert config == keras.optimizers.serialize(theirs)
        if config["class_name"] != "Lamb":  # which Keras's own lookup does not know
            assert keras.optimizers.deserialize(config).get_config() == theirs.get_config()


def test_schedules_are_part_of_configs():
    def make(lib):
        schedule = lib.optimizers.schedules.CosineDecay(0.1, 100, warmup_target=0.5, warmup_steps=3)
        return lib.optimizers.SGD(schedule, name="named")

    config = optimizers.serialize(make(deepkit))
    assert config == keras.optimizers.serialize(make(keras))
    again = optimizers.deserialize(config)
    assert isinstance(again._learning_rate, optimizers.schedules.CosineDecay)
    assert again.get_config() == make(deepkit).get_config()


@deepkit.saving.register_keras_serializable("tests")
def constant_rate():
    return 0.5


def test_registered_functions_are_part_of_configs():
    again = optimizers.deserialize(optimizers.serialize(optimizers.SGD(constant_rate)))
    assert again.learning_rate == 0.5


class Mine(optimizers.SGD):
    """A subclass of the user."""


def test_custom_optimizers():
    config = optimizers.serialize(Mine(0.5))
    again = optimizers.deserialize(config, custom_objects={"Mine": Mine})
    assert type(again) is Mine
    with deepkit.saving.custom_object_scope({"Mine": Mine}):
        assert type(optimizers.get("Mine")) is Mine
    with pytest.raises(errors.SerializationError, match="Unknown class 'Mine'"):
        optimizers.deserialize(config)


@pytest.mark.parametrize("name", ["Adam", "adam", "ADAM"])
def test_names_in_any_case(name):
    assert type(optimizers.get(name)) is optimizers.Adam
    assert type(optimizers.deserialize({"class_name": name, "config": {}})) is optimizers.Adam


def test_every_class_has_a_name():
    for row in EVERYTHING.values():
        assert type(optimizers.get(row.class_name.lower())).__name__ == row.class_name


def test_what_get_returns_as_it_is():
    optimizer = optimizers.Adam()
    assert optimizers.get(optimizer) is optimizer
    assert optimizers.get(None) is None
    assert type(optimizers.get(optimizers.Lion)) is optimizers.Lion


def test_what_get_does_not_take():
    with pytest.raises(
        errors.UnknownNameError, match=r"Unknown optimizer 'adm'. Did you mean 'adam"
    ):
        optimizers.get("adm")
    with pytest.raises(errors.ArgumentTypeError, match=r"Expected an? optimizer .* received 3"):
        optimizers.get(3)
    with pytest.raises(errors.ArgumentTypeError, match="Expected an optimizer as a name"):
        optimizers.get(len)


def test_configs_of_keras_2():
    config = {
        "name": "Adam",
        "lr": 0.25,
        "decay": 0.0,
        "jit_compile": True,
        "is_legacy_optimizer": False,
        "beta_1": 0.8,
    }
    optimizer = optimizers.deserialize({"class_name": "Adam", "config": config})
    assert optimizer.beta_1 == 0.8 and float(optimizer.learning_rate) == 0.25
    assert "lr" in config


def test_config_is_not_changed():
    config = optimizers.serialize(make(deepkit, "adam"))
    kept = {**config, "config": dict(config["config"])}
    optimizers.deserialize(config)
    assert config == kept
