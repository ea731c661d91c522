"""Objects to configs and back, in deepkit and in Keras, each reading what the other wrote."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import errors
from deepkit.core import registry
from deepkit.core.serialization import resolve, sharing_scope
from deepkit.saving import deserialize_keras_object as deserialize
from deepkit.saving import serialize_keras_object as serialize
from tests.oracle import keras, oracle


@pytest.fixture(autouse=True)
def _registry_is_restored(monkeypatch):
    monkeypatch.setattr(registry, "_CUSTOM_OBJECTS", dict(registry._CUSTOM_OBJECTS))
    monkeypatch.setattr(registry, "_REGISTERED_NAMES", dict(registry._REGISTERED_NAMES))


def through_json(entry):
    return json.loads(json.dumps(entry))


VALUES = [
    *(1, 2.5, "text", True, None, [1, [2, None]], {"a": {"b": [1]}, "c": 2}, b"caf\xc3\xa9"),
    *(slice(1, None, 2), Ellipsis, np.arange(3), np.ones((2, 2), "float16"), np.float32(2.5)),
    *(np.array(3.0), np.bool_(True), jnp.ones((2,), jnp.bfloat16), jnp.asarray(2, "int32")),
]


def same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray | jax.Array):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_go_both_ways(value):
    ours = through_json(serialize(value))
    with oracle():
        theirs = through_json(keras.saving.serialize_keras_object(value))
        read_by_keras = keras.saving.deserialize_keras_object(ours)
    assert ours == theirs
    is_scalar = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim)
    expected = value.item() if is_scalar else value
    same(deserialize(ours), expected)
    same(read_by_keras, expected)


def test_what_keras_does_not_write():
    assert serialize((1, [2, (3,)])) == (1, [2, (3,)])
    assert deserialize({"class_name": "__tuple__", "config": {"value": [1, [2]]}}) == (1, [2])
    assert deserialize(through_json(serialize(b"\xff\x00a"))) == b"\xff\x00a"
    names = [serialize(d) for d in (np.dtype("int8"), np.float16, jnp.bfloat16, np.dtype("bool"))]
    assert names == ["int8", "float16", "bfloat16", "bool"]
    variable = serialize(deepkit.Variable([1.0, 2.0]))
    assert variable == {"class_name": "__tensor__", "config": {"value": [1, 2], "dtype": "float32"}}
    assert serialize(dict) == {
        "module": "dict".__class__.__module__,
        "class_name": "class",
        "config": "dict",
        "registered_name": "class",
    }


OBJECTS = {
    "layer": lambda k: k.layers.Dense(2, activation="relu", kernel_regularizer="l2", name="d"),
    "wrapper": lambda k: k.layers.TimeDistributed(k.layers.Dense(2, name="d"), name="t"),
    "initializer": lambda k: k.initializers.Constant(2.0),
    "regularizer": lambda k: k.regularizers.L1L2(0.1, 0.2),
    "constraint": lambda k: k.constraints.MaxNorm(3.0),
    "loss": lambda k: k.losses.CategoricalCrossentropy(label_smoothing=0.1),
    "metric": lambda k: k.metrics.Recall(thresholds=0.3, name="r"),
    "optimizer": lambda k: k.optimizers.SGD(0.1, momentum=0.9),
    "schedule": lambda k: k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9),
    "policy": lambda k: k.DTypePolicy("mixed_bfloat16"),
    "seeds": lambda k: k.random.SeedGenerator(3),
}


def agree(found, expected):
    """Equal in what both say: a config may leave defaults out."""
    if not isinstance(expected, dict) or not isinstance(found, dict):
        return found == expected
    return all(agree(found[key], expected[key]) for key in set(found) & set(expected))


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_go_both_ways(name):
    """Written by either, read by both; what is read is written again as it was."""
    ours = through_json(serialize(OBJECTS[name](deepkit)))
    with oracle():
        theirs = through_json(keras.saving.serialize_keras_object(OBJECTS[name](keras)))
        read_by_keras = keras.saving.deserialize_keras_object(ours)
        again = through_json(keras.saving.serialize_keras_object(read_by_keras))
    for key in ("module", "class_name", "registered_name"):
        assert ours[key] == theirs[key]
    names = {"name"} if name in ("seeds", "optimizer") else set()  # They are numbered.
    for written in (again, through_json(serialize(deserialize(theirs)))):
        for key in theirs["config"].keys() & written["config"].keys() - names:
            assert agree(written["config"][key], theirs["config"][key]), key
    assert ours["config"].keys() - names <= again["config"].keys()


FUNCTIONS = {
    "activation": lambda k: k.activations.gelu,
    "loss": lambda k: k.losses.mean_squared_error,
    "op": lambda k: k.ops.exp,
    "namesake of an activation": lambda k: k.ops.softmax,
    "namesake of a loss": lambda k: k.ops.binary_crossentropy,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_found_again(name):
    entry = through_json(serialize(FUNCTIONS[name](deepkit)))
    assert deserialize(entry) is FUNCTIONS[name](deepkit)
    with oracle():
        assert keras.saving.deserialize_keras_object(entry) is FUNCTIONS[name](keras)


@pytest.mark.parametrize("name", ["activation", "loss"])
def test_functions_written_by_keras_are_found(name):
    with oracle():
        entry = through_json(keras.saving.serialize_keras_object(FUNCTIONS[name](keras)))
    assert deserialize(entry) is FUNCTIONS[name](deepkit)


def relu(x):
    return x


@pytest.mark.parametrize("function", [relu, jax.nn.gelu, np.tanh])
def test_a_namesake_is_not_taken_for_a_function(function):
    """It loads if it is given, and is not replaced by the built-in of its name."""
    entry = through_json(serialize(function))
    name = function.__name__
    with pytest.raises(errors.SerializationError, match=f"Unknown function '{name}'"):
        deserialize(entry)
    assert deserialize(entry, custom_objects={name: function}) is function
    with oracle():
        found = keras.saving.deserialize_keras_object(entry, custom_objects={name: function})
    assert found is function


class Scale:
    """A user's own object."""

    def __init__(self, factor, inner=None):
        self.factor, self.inner = factor, inner

    def get_config(self):
        return {"factor": self.factor, "inner": serialize(self.inner)}

    @classmethod
    def from_config(cls, config):
        return cls(config["factor"], deserialize(config["inner"]))


def test_a_class_unregistered_given_and_registered():
    entry = through_json(serialize(Scale(2)))
    text = (
        r"Unknown class 'Scale'\. If it is yours, register it with "
        r"`@deepkit\.saving\.register_keras_serializable\(\)` before loading, or pass "
        r"`custom_objects=\{'Scale': Scale\}`"
    )
    with pytest.raises(errors.SerializationError, match=text):
        deserialize(entry)
    assert deserialize(entry, custom_objects={"Scale": Scale}).factor == 2
    with deepkit.saving.custom_object_scope({"Scale": Scale}):
        assert deserialize(entry).factor == 2
    deepkit.saving.register_keras_serializable("mine")(Scale)
    assert deserialize(entry).factor == 2, "written before it was registered"
    registered = through_json(serialize(Scale(3)))
    assert registered["registered_name"] == "mine>Scale"
    assert deserialize(registered).factor == 3


def test_an_argument_wins_over_the_registry():
    class Other(Scale):
        pass

    deepkit.saving.register_keras_serializable("mine")(Scale)
    entry = through_json(serialize(Scale(3)))
    assert type(deserialize(entry, custom_objects={"mine>Scale": Other})) is Other
    assert type(deserialize(entry)) is Scale


def test_custom_objects_hold_for_what_is_inside():
    entry = through_json(serialize(Scale(1, inner=Scale(2, inner=Scale(3)))))
    made = deserialize(entry, custom_objects={"Scale": Scale})
    assert made.inner.inner.factor == 3


def test_shared_objects_stay_one():
    shared = Scale(5)
    with sharing_scope():
        entry = through_json(serialize({"a": shared, "b": [Scale(1, inner=shared)], "c": Scale(6)}))
    made = deserialize(entry, custom_objects={"Scale": Scale})
    assert made["a"] is made["b"][0].inner
    assert made["c"] is not made["a"]
    assert "shared_object_id" not in entry["c"]
    with oracle(), keras.src.saving.serialization_lib.ObjectSharingScope():
        theirs = keras.saving.deserialize_keras_object(
            {"a": entry["a"], "b": entry["a"]}, custom_objects={"Scale": Scale}
        )
    assert theirs["a"] is theirs["b"]
    alone = through_json(serialize({"a": shared, "b": shared}))
    assert "shared_object_id" not in alone["a"]


def test_objects_that_keras_shares_stay_one():
    with oracle(), keras.src.saving.serialization_lib.ObjectSharingScope():
        loss = keras.losses.MeanSquaredError()
        entry = through_json(keras.saving.serialize_keras_object([loss, loss]))
    first, second = deserialize(entry)
    assert first is second


def test_names_alone():
    """As older formats write functions."""
    assert deserialize("relu") == "relu"
    assert deserialize("scale", custom_objects={"scale": Scale}) is Scale
    assert deserialize("scale", module_objects={"scale": Scale}) is Scale
    with pytest.raises(errors.ArgumentTypeError, match="Unexpected arguments: modules"):
        deserialize("scale", modules={})


class NoConfig:
    pass


class WrongConfig:
    def get_config(self):
        return [1]


class NoFromConfig:
    def get_config(self):
        return {}


CYCLE = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NoConfig(), "neither plain data nor an object with `get_config`"),
        (WrongConfig(), r"`get_config` of WrongConfig to return a dict, it returned \[1\]"),
        ({(1, 2): 3}, r"keys of a dict to be text or numbers, received \(1, 2\)"),
        (np.array([1j]), "real numbers to write, received one of dtype complex128"),
        (np.array(["a"]), "real numbers to write, received one of dtype"),
        (np.array([object()]), "received one of dtype object"),
        (CYCLE, "nested too deep to be written, or contains itself"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_written(value, text):
    with pytest.raises(errors.SerializationError, match=text):
        serialize(value)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"class_name": 3, "config": {}}, "`class_name` to be text, received int"),
        ({"class_name": "Dense", "config": [1]}, "config of Dense to be a dict, .* type list"),
        (
            {"class_name": "__bytes__", "config": {}},
            "config of __bytes__ is not .*KeyError: 'value'",
        ),
        ({"class_name": "__slice__", "config": 3}, "config of __slice__ is not .*TypeError"),
        (
            {"class_name": "__numpy__", "config": {"value": [[1], [1, 2]], "dtype": "int8"}},
            "array in the config cannot be read",
        ),
        (
            {"class_name": "__numpy__", "config": {"value": [300], "dtype": "uint8"}},
            "array in the config cannot be read",
        ),
        (
            {"class_name": "NoFromConfig", "config": {}, "registered_name": "NoFromConfig"},
            "NoFromConfig has no `from_config`",
        ),
    ],
)
def test_what_cannot_be_read(entry, text):
    with pytest.raises(errors.SerializationError, match=text):
        deserialize(entry, custom_objects={"NoFromConfig": NoFromConfig})


def test_errors_of_constructors_keep_their_traceback_and_say_whose_they_are():
    class Fussy(Scale):
        @classmethod
        def from_config(cls, config):
            raise AttributeError("the cause")

    entry = serialize(Scale(1, inner=Scale(2)))
    entry["config"]["inner"]["registered_name"] = "Fussy"
    with pytest.raises(AttributeError, match="the cause") as caught:
        deserialize(entry, custom_objects={"Scale": Scale, "Fussy": Fussy})
    assert [re.sub(r"\.<locals>", "", note) for note in caught.value.__notes__] == [
        "While making the Fussy from its config. `get_config` of Fussy must return what its "
        "constructor takes.",
        "While making the Scale from its config. `get_config` of Scale must return what its "
        "constructor takes.",
    ]
    entry = {"class_name": "Dense", "config": {"name": "d", "units": -1}}
    with pytest.raises(ValueError, match="units") as caught:
        deserialize(entry)
    assert caught.value.__notes__ == ["While making the Dense 'd' from its config."]


LOOKUP = {"scale": Scale, "double": relu, "zeros": deepkit.initializers.Zeros}


def test_resolving_names_configs_classes_and_instances():
    zeros = deepkit.initializers.Zeros
    assert type(resolve("zeros", "thing", LOOKUP)) is zeros
    assert resolve("double", "thing", LOOKUP) is relu
    assert type(resolve(zeros, "thing", LOOKUP)) is zeros
    made = zeros()
    assert resolve(made, "thing", LOOKUP) is made
    assert type(resolve(serialize(made), "thing", LOOKUP)) is zeros
    assert resolve("double", "thing", LOOKUP, custom_objects={"double": len}) is len
    entry = serialize(Scale(2))
    assert resolve(entry, "thing", {}, custom_objects={"Scale": Scale}).factor == 2


def test_what_resolves_to_nothing():
    text = (
        r"Unknown thing 'zeroes'\. Did you mean 'zeros'\? If it is your own, pass the object itself"
    )
    with pytest.raises(errors.UnknownNameError, match=text):
        resolve("zeroes", "thing", LOOKUP)
    with pytest.raises(errors.UnknownNameError, match="Did you mean 'zero_one'"):
        resolve("zero_on", "thing", {}, custom_objects={"zero_one": len})
    text = "an initial thing as a name, a config, an instance or a function, received 3 of type int"
    with pytest.raises(errors.ArgumentTypeError, match=text):
        resolve(3, "initial thing", LOOKUP)
    with pytest.raises(errors.ArgumentTypeError, match="Expected a thing"):
        resolve(3, "thing", LOOKUP)
