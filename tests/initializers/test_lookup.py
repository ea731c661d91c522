"""Initializers by name, config, array and registration."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import initializers
from deepkit.core import registry
from deepkit.random import SeedGenerator
from tests.oracle import keras, oracle

NAMES = sorted(
    name
    for name in dir(keras.initializers)
    if not name.startswith("_") and name not in ("get", "serialize", "deserialize")
)
CLASSES = [name for name in NAMES if name[0].isupper() and name != "Initializer"]


def fives(shape, dtype=None):
    return jnp.full(shape, 5.0, dtype)


@registry.register_keras_serializable("tests_initializers")
def sixes(shape, dtype=None):
    return jnp.full(shape, 6.0, dtype)


class Sevens(initializers.Initializer):
    def __init__(self, value=7.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return jnp.full(shape, self.value, dtype)

    def get_config(self):
        return {"value": self.value}


class OfDType(Sevens):
    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Initializer"])
def test_every_name_of_keras_means_the_same(name):
    theirs = getattr(keras.initializers, name)
    ours = getattr(initializers, name)
    assert ours.__name__ == theirs.__name__
    assert list(inspect.signature(ours).parameters.values()) == [
        p.replace(annotation=q.annotation)
        for p, q in zip(
            inspect.signature(theirs).parameters.values(),
            inspect.signature(ours).parameters.values(),
            strict=True,
        )
    ]
    assert type(initializers.get(name)) is ours
    assert type(initializers.get(ours)) is ours


@pytest.mark.parametrize(
    ("name", "expected"),
    [("normal", "RandomNormal"), ("uniform", "RandomUniform"), ("zero", "Zeros"), ("one", "Ones")],
)
def test_old_names(name, expected):
    assert type(initializers.get(name)) is getattr(initializers, expected)


@pytest.mark.parametrize("name", CLASSES)
def test_configs_are_those_of_keras_both_ways(name):
    options = (
        {"seed": 3} if "seed" in inspect.signature(getattr(initializers, name)).parameters else {}
    )
    ours = getattr(initializers, name)(**options)
    with oracle():
        theirs = getattr(keras.initializers, name)(**options)
        expected = keras.initializers.serialize(theirs)
    written = initializers.serialize(ours)
    # Keras forgets the gain of Identity.
    assert written == {**expected, "config": {**ours.get_config(), **expected["config"]}}
    again = initializers.deserialize(expected)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    with oracle():
        assert type(keras.initializers.deserialize(written)) is type(theirs)


@pytest.mark.parametrize("name", CLASSES)
def test_configs_of_older_files(name):
    # They name no module, and TensorFlow 1 wrote a dtype; `Identity` is the name of a layer too.
    config = getattr(initializers, name)().get_config()
    found = initializers.get({"class_name": name, "config": {**config, "dtype": "float32"}})
    assert type(found) is getattr(initializers, name)


def test_a_dtype_that_the_constructor_takes_stays():
    assert OfDType.from_config({"dtype": "float16"}).dtype == "float16"


def test_generators_in_configs():
    first = initializers.HeNormal(seed=SeedGenerator(4))
    again = initializers.deserialize(initializers.serialize(first))
    assert isinstance(again.seed, SeedGenerator)
    np.testing.assert_array_equal(first((2, 2)), again((2, 2)))
    with oracle():
        theirs = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(4))
        config = keras.initializers.serialize(theirs)
        expected = theirs((2, 2))
    np.testing.assert_array_equal(initializers.deserialize(config)((2, 2)), expected)


@pytest.mark.parametrize("options", [{"window": np.ones(4)}, {"window": [1.0, 0.5, 0.5, 1.0]}])
def test_windows_in_configs(options):
    first = initializers.STFT(**options)
    again = initializers.deserialize(initializers.serialize(first))
    np.testing.assert_array_equal(again((4, 1, 3)), first((4, 1, 3)))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6, dtype="float32").reshape(2, 3),
        jnp.arange(6.0).reshape(2, 3),
        np.arange(6).reshape(2, 3),
    ],
)
def test_arrays(values):
    initializer = initializers.get(values)
    for made in (initializer, initializers.deserialize(initializers.serialize(initializer))):
        np.testing.assert_array_equal(made((2, 3), dtype="float32"), values)
        assert made((2, 3), dtype="float16").dtype == "float16"
    with pytest.raises(deepkit.errors.ShapeError, match=r"weight's shape \(3, 2\)"):
        initializer((3, 2))


def test_variables_and_numpy_numbers():
    assert initializers.get(deepkit.Variable([1.0, 2.0]))((2,)).tolist() == [1.0, 2.0]
    assert initializers.get(np.float32(1.5))((2,)).tolist() == [1.5, 1.5]


def test_none_stays_none():
    assert initializers.get(None) is None


def test_functions():
    assert initializers.get(fives) is fives
    assert initializers.deserialize(initializers.serialize(sixes)) is sixes
    with registry.custom_object_scope({"fives": fives}):
        assert initializers.get("fives") is fives
        assert initializers.deserialize(initializers.serialize(fives)) is fives
    kernel = deepkit.Variable(initializers.get(fives), shape=(2,))
    assert kernel.numpy().tolist() == [5.0, 5.0]


def test_classes_of_the_user():
    assert initializers.get(Sevens)((2,)).tolist() == [7.0, 7.0]
    written = initializers.serialize(Sevens(8.0))
    again = initializers.deserialize(written, custom_objects={"Sevens": Sevens})
    assert again((1,)).tolist() == [8.0]
    with pytest.raises(deepkit.errors.SerializationError, match="Unknown class 'Sevens'"):
        initializers.deserialize(written)


def test_unknown_names():
    with pytest.raises(deepkit.errors.UnknownNameError, match=r"initializer 'glorot'.*'glorot_"):
        initializers.get("glorot")
    with pytest.raises(ValueError, match=r"initializer 'he_norml'.*'he_normal'"):
        initializers.deserialize("he_norml")
    with pytest.raises(
        deepkit.errors.ArgumentTypeError, match=r"initializer as a name.*received 3"
    ):
        initializers.get(3)
