"""Code in files is not run, and what files name is neither imported nor looked up elsewhere."""

import base64
import json
import marshal
import pickle
import threading

import numpy as np
import pytest

import deepkit
from deepkit.core.serialization import (
    disable_unsafe_deserialization,
    enable_unsafe_deserialization,
)
from deepkit.errors import ConfigError, CorruptFileError, UnknownNameError, UnsafeFileError
from deepkit.models import clone_model, model_from_json
from deepkit.saving import custom_object_scope, deserialize_keras_object, load_model
from tests.saving.crafted import archive, drawn, layer, sequential
from tests.saving.safety.entries import (
    REFUSALS,
    every_config_entry,
    every_part_entry,
    part_entries,
)
from tests.saving.safety.rows import row
from tests.saving.safety.watch import WATCH

# Lambdas


def _bytecode(canary):
    code = compile(f"open({str(canary)!r}, 'w').close()", "<file>", "exec")
    return base64.b64encode(marshal.dumps(code)).decode()


def _packed(canary):
    return {"code": _bytecode(canary), "defaults": None, "closure": None}


def _lambda(canary):
    """A lambda as an entry of a config."""
    return {"module": "builtins", "class_name": "__lambda__", "config": {"value": _packed(canary)}}


def _older_lambda(canary):
    bytecode = [_bytecode(canary), None, None]
    config = {"name": "made", "function": bytecode, "function_type": "lambda"}
    return {"class_name": "Lambda", "config": config}


def _plain_lambda(canary):
    return layer("Lambda", function=_lambda(canary))


# Where a lambda can stand in the config of a layer.
LAMBDAS = {
    "Lambda": _plain_lambda,
    "Lambda of Keras 3": lambda canary: layer(
        "Lambda", function={"class_name": "__lambda__", "config": _packed(canary)}
    ),
    "Lambda of Keras 2": _older_lambda,
    "output_shape": lambda canary: layer(
        "Lambda",
        function={"class_name": "function", "config": "relu"},
        output_shape=_lambda(canary),
    ),
    "mask": lambda canary: layer(
        "Lambda", function={"class_name": "function", "config": "relu"}, mask=_lambda(canary)
    ),
    "activation": lambda canary: layer("Dense", units=2, activation=_lambda(canary)),
    "initializer": lambda canary: layer("Dense", units=2, kernel_initializer=_lambda(canary)),
    "regularizer": lambda canary: layer("Dense", units=2, kernel_regularizer=_lambda(canary)),
    "activity": lambda canary: layer("Dense", units=2, activity_regularizer=_lambda(canary)),
    "constraint": lambda canary: layer("Dense", units=2, kernel_constraint=_lambda(canary)),
    "dtype": lambda canary: layer("Dense", units=2, dtype=_lambda(canary)),
    "argument": lambda canary: layer("Rescaling", scale=_lambda(canary)),
    "TimeDistributed": lambda canary: layer("TimeDistributed", layer=_plain_lambda(canary)),
    "Bidirectional": lambda canary: layer("Bidirectional", layer=_plain_lambda(canary)),
    "backward layer": lambda canary: layer(
        "Bidirectional",
        layer=layer("LSTM", units=2),
        backward_layer=_plain_lambda(canary),
    ),
    "cell": lambda canary: layer("RNN", cell=_plain_lambda(canary)),
    "cells": lambda canary: layer("StackedRNNCells", cells=[_plain_lambda(canary)]),
    "model inside": lambda canary: sequential(_plain_lambda(canary)),
    "shared object": lambda canary: {**_plain_lambda(canary), "shared_object_id": 1},
    "build config": lambda canary: {
        **layer("Dense", units=2),
        "build_config": {"input_shape": [None, 4], "code": _lambda(canary)},
    },
}


def _calm(canary):
    assert not canary.exists()
    assert not WATCH.code()


@every_config_entry
@pytest.mark.parametrize("place", LAMBDAS)
@row("S01", "S02")
def test_lambdas_are_refused(entry, place, tmp_path):
    canary = tmp_path / "canary"
    refusal = entry.refuse(sequential(LAMBDAS[place](canary)), tmp_path)
    assert entry.only_looks or isinstance(refusal, UnsafeFileError)
    assert entry.only_looks or "bytecode" in str(refusal)
    _calm(canary)


@every_config_entry
@pytest.mark.parametrize("place", ["loss", "losses", "metrics", "optimizer", "schedule"])
@row("S01", "S02")
def test_lambdas_in_compile_configs_are_refused(entry, place, tmp_path):
    canary = tmp_path / "canary"
    code = _lambda(canary)
    schedule = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": code}}
    adam = {"class_name": "Adam", "config": {"learning_rate": schedule}}
    compiled = {
        "loss": {"optimizer": "sgd", "loss": code},
        "losses": {"optimizer": "sgd", "loss": {"made": [code]}},
        "metrics": {"optimizer": "sgd", "loss": "mse", "metrics": [[code]]},
        "optimizer": {"optimizer": code, "loss": "mse"},
        "schedule": {"optimizer": adam, "loss": "mse"},
    }[place]
    config = {**sequential(layer("Dense", units=2)), "compile_config": compiled}
    # In `.h5` and for `from_config` the compile config is somewhere else, and this one is unread.
    with WATCH():
        try:
            entry.run(config, tmp_path)
        except REFUSALS:
            pass
        else:
            assert entry.only_looks or entry.name in ("load_model .h5", "from_config")
    _calm(canary)


@every_part_entry
@row("S02")
def test_lambdas_are_refused_by_each_deserialize(entry, tmp_path):
    canary = tmp_path / "canary"
    for config in (_lambda(canary), _plain_lambda(canary)):
        assert "bytecode" in str(entry.refuse(config))
    _calm(canary)


@row("S02")
def test_cloning_runs_no_foreign_code():
    model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Lambda(lambda x: x)])
    for recursive in (False, True):
        with WATCH(), pytest.raises(UnsafeFileError, match="bytecode"):
            clone_model(model, recursive=recursive)
        assert not WATCH.code()
    inside = deepkit.Sequential([deepkit.Input((4,)), model])
    with pytest.raises(UnsafeFileError, match="bytecode"):
        clone_model(inside, recursive=True)


@row("S02")
def test_layers_are_refused_by_their_own_from_config(tmp_path):
    canary = tmp_path / "canary"
    for place in ("Lambda", "activation", "TimeDistributed", "cell", "model inside"):
        config = LAMBDAS[place](canary)
        cls = getattr(deepkit.layers, config["class_name"], deepkit.Sequential)
        with WATCH(), pytest.raises(UnsafeFileError, match="bytecode"):
            cls.from_config(config["config"])
        _calm(canary)


# Switches


def _saved_lambda(folder, ending):
    model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Lambda(lambda x: x * 2)])
    path = folder / f"lambda{ending}"
    model.save(path)
    return path


def _refuses(path, **options):
    try:
        load_model(path, **options)
    except UnsafeFileError:
        return True
    return False


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@row("S03")
def test_unsafe_loads_are_asked_for_each_time(ending, tmp_path):
    path = _saved_lambda(tmp_path, ending)
    model = load_model(path, safe_mode=False)
    np.testing.assert_array_equal(model(np.ones((1, 4), "float32")), np.full((1, 4), 2.0))
    with pytest.raises(UnsafeFileError, match="safe_mode=False"):
        load_model(path)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@row("S03")
def test_an_explicit_argument_beats_the_global_switch(ending, tmp_path):
    path = _saved_lambda(tmp_path, ending)
    enable_unsafe_deserialization()
    try:
        assert _refuses(path, safe_mode=True)
        assert _refuses(path)
        assert not _refuses(path, safe_mode=None)
    finally:
        disable_unsafe_deserialization()
    assert _refuses(path, safe_mode=None)


@row("S03")
def test_an_unsafe_load_is_so_in_its_own_thread_and_inside_of_itself_alone(tmp_path):
    path = _saved_lambda(tmp_path, ".keras")
    found = {}

    class Curious(deepkit.layers.Layer):
        """Loads other files while it is loaded, as a layer of the user's may."""

        @classmethod
        def from_config(cls, config):
            thread = threading.Thread(
                target=lambda: found.update(thread=_refuses(path, safe_mode=None))
            )
            thread.start()
            thread.join()
            found["inside"] = _refuses(path)
            return cls(**config)

        def call(self, x):
            return x

    config = sequential(layer("Curious"), {**_plain_lambda(tmp_path / "x"), "class_name": "Nil"})
    with pytest.raises(ConfigError, match="Nil"):
        deserialize_keras_object(config, {"Curious": Curious}, safe_mode=False)
    assert found == {"thread": True, "inside": True}
    assert _refuses(path, safe_mode=None), "the failed load has left its switch"


# Names of things that are no layers

NO_LAYERS = [
    {"module": "os", "class_name": "function", "config": "system"},
    {"module": "os", "class_name": "system", "config": {"command": "true"}},
    {"module": "builtins", "class_name": "function", "config": "eval"},
    {"module": "builtins", "class_name": "function", "config": "getattr"},
    {"module": "builtins", "class_name": "class", "config": "dict"},
    {"module": "builtins", "class_name": "dict", "config": {}},
    {"module": "pathlib", "class_name": "Path", "config": {}},
    {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}},
    {"module": "keras.layers", "class_name": "deserialize", "config": {}},
    {"module": "keras.layers", "class_name": "__class__", "config": {}},
    {"module": "keras.src.saving.serialization_lib", "class_name": "SafeModeScope", "config": {}},
    {"module": "deepkit.saving._api", "class_name": "function", "config": "load_model"},
    {"module": "keras.utils.io_utils", "class_name": "function", "config": "print_msg"},
    {"module": None, "class_name": "no_such_thing", "config": {}},
    {"module": ["os"], "class_name": "no_such_thing", "config": {}},
    {"module": "keras.layers", "class_name": 3, "config": {}},
    {"module": "keras.layers", "class_name": "Dense", "config": "text"},
    {"module": "keras.layers", "class_name": "Dense", "config": {"bogus": 1}},
]


def _calm_about_others():
    assert not [event for event in WATCH.events if event[0] == "import" and "deepkit" not in event]
    assert not WATCH.code()


@every_config_entry
@pytest.mark.parametrize("bad", NO_LAYERS, ids=lambda e: str(e["config"] or e["class_name"]))
@row("S04", "S07")
def test_what_is_no_layer_is_refused(entry, bad, tmp_path):
    bad = {**bad, "registered_name": bad["config"]}
    dense = layer("Dense", units=2, activation=bad)
    wrapped = layer("TimeDistributed", layer=bad)
    for config in (sequential(bad), sequential(dense), sequential(wrapped), drawn(bad)):
        refusal = entry.refuse(config, tmp_path)
        _calm_about_others()
        assert entry.only_looks or "batch_shape" not in str(refusal), "the config is not shown"


@every_config_entry
@pytest.mark.parametrize("name", ["system", "eval", "getattr", "Popen"])
@row("S04")
def test_calls_in_drawn_models_are_refused(entry, name, tmp_path):
    canary = tmp_path / "canary"
    bad = {"module": "os", "class_name": "function", "config": name, "registered_name": name}
    operation = {
        "module": "deepkit.ops",
        "class_name": "FunctionOperation",
        "config": {"name": "made", "function": bad},
    }
    for made in (bad, {**bad, "module": "builtins"}, operation):
        config = drawn(made)
        config["config"]["layers"][1]["inbound_nodes"] = [
            {"args": [f"touch {canary}"], "kwargs": {}},
        ]
        entry.refuse(config, tmp_path)
        _calm_about_others()
    assert not canary.exists()


@every_config_entry
@row("S04", "S15")
def test_ops_are_not_computed_on_numbers_of_the_file(entry, tmp_path):
    """It would be done while the model is drawn, with what the file says."""
    for name, args in (
        ("zeros", [[10**10]]),
        ("arange", [10**10]),
        ("while_loop", [{"class_name": "function", "config": "is_tensor"}, None, [1]]),
    ):
        function = {"module": "keras.ops", "class_name": "function", "config": name}
        operation = {
            "module": "deepkit.ops",
            "class_name": "FunctionOperation",
            "config": {"name": "made", "function": function},
        }
        config = drawn(operation)
        config["config"]["layers"][1]["inbound_nodes"] = [{"args": args, "kwargs": {}}]
        refusal = entry.refuse(config, tmp_path)
        assert entry.only_looks or "nothing that the model computes" in str(refusal)


@every_config_entry
@row("S04")
def test_an_op_is_a_function(entry, tmp_path):
    made = {"class_name": "class", "config": "Sequential", "module": "keras"}
    operation = {
        "module": "deepkit.ops",
        "class_name": "FunctionOperation",
        "config": {"name": "made", "function": made},
    }
    refusal = entry.refuse(drawn(operation), tmp_path)
    assert entry.only_looks or "to be an op, received type" in str(refusal)


@every_config_entry
@row("S05")
def test_modules_that_are_named_are_not_imported(entry, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for bad in (
        {**layer("Evil", module="evil_module"), "registered_name": "evil_module>Evil"},
        {"module": "evil_module", "class_name": "function", "config": "run"},
        {"module": "evil_module", "class_name": "class", "config": "Evil"},
        {"module": "keras.layers.evil_module", "class_name": "Evil", "config": {}},
    ):
        for config in (sequential(bad), sequential(layer("Dense", units=2, activation=bad))):
            refusal = entry.refuse(config, tmp_path)
            assert not WATCH.named("evil_module")
            assert entry.only_looks or "register it with" in str(refusal)


# Public names


def _gadgets():
    """Public functions of deepkit that are no ops, activations, losses or metrics."""
    found = set()
    for module in ("utils", "saving", "models", "datasets", "callbacks", "config", "backend"):
        area = getattr(deepkit, module)
        for name in dir(area):
            if not name.startswith("_") and callable(getattr(area, name)):
                found.add((f"keras.{module}", name))
    found |= {("keras", name) for name in dir(deepkit) if callable(getattr(deepkit, name))}
    for part in ("layers", "losses", "metrics", "optimizers", "initializers", "activations"):
        found |= {(f"keras.{part}", name) for name in ("get", "serialize", "deserialize")}
    allowed = deepkit.core.registry.provided
    return sorted(
        (module, name)
        for module, name in found
        if not any(allowed(m, name) for m in deepkit.core.registry.provided_modules())
    )


GADGETS = _gadgets()


@row("S06")
def test_there_are_gadgets():
    names = {name for _, name in GADGETS}
    assert {"get_file", "load_model", "clone_model", "model_from_json", "Variable"} <= names
    assert len(names) > 40


@every_part_entry
@row("S06")
def test_public_functions_are_no_parts_of_models(entry):
    for module, name in GADGETS:
        for kind in ("function", "class"):
            entry.refuse({"module": module, "class_name": kind, "config": name})
            _calm_about_others()
        entry.refuse({"module": module, "class_name": name, "config": {}})
        _calm_about_others()


@pytest.mark.parametrize("entry", [e for e in part_entries() if e.name.count(".") == 1], ids=str)
@row("S06")
def test_names_alone_are_looked_up_among_their_own_kind(entry):
    if entry.name.startswith(("saving", "layers", "optimizers", "dtype")):
        return  # a name alone is no config there
    for _, name in GADGETS:
        with WATCH(), pytest.raises(UnknownNameError, match="Unknown"):
            entry.run(name)
        _calm_about_others()


@every_config_entry
@row("S06")
def test_public_functions_are_no_parts_of_files(entry, tmp_path):
    names = ("get_file", "load_model", "load_weights", "clone_model", "model_from_json")
    for name in names:
        bad = {"module": "keras.saving", "class_name": "function", "config": name}
        for config in (
            sequential(layer("Dense", units=2, activation=name)),
            sequential(layer("Dense", units=2, kernel_initializer=bad)),
            sequential(layer("Lambda", function=bad, arguments={"filepath": "/etc/passwd"})),
            sequential(bad),
            drawn(bad),
        ):
            entry.refuse(config, tmp_path)
            assert not WATCH.named("passwd")


@row("S06")
def test_what_a_file_may_name_is_a_part_of_models():
    """Of classes, those that layers and the like are made of; of functions, those of tensors."""
    parts = (
        deepkit.layers.Layer,
        deepkit.layers.InputSpec,
        deepkit.losses.Loss,
        deepkit.metrics.Metric,
        deepkit.optimizers.Optimizer,
        deepkit.optimizers.OptimizerMap,
        deepkit.optimizers.schedules.LearningRateSchedule,
        deepkit.initializers.Initializer,
        deepkit.regularizers.Regularizer,
        deepkit.constraints.Constraint,
        deepkit.DTypePolicy,
        deepkit.dtype_policies.DTypePolicyMap,
        deepkit.random.SeedGenerator,
        deepkit.Function,
    )
    for module in deepkit.core.registry.provided_modules():
        area = deepkit
        for step in module.split(".")[1:]:
            area = getattr(area, step, area)
        for name in dir(area):
            found = deepkit.core.registry.provided(module, name)
            if isinstance(found, type):
                assert issubclass(found, parts), (module, name)
            elif found is not None:
                home = found.__module__.split(".")[1]
                assert home in ("ops", "activations", "losses", "metrics", "random"), name


# Pickles


class _Payload:
    def __reduce__(self):
        return (print, ("unpickled",))


@every_config_entry
@row("S08")
def test_pickles_are_not_read(entry, tmp_path):
    payload = base64.b64encode(pickle.dumps(_Payload())).decode()
    objects = {"value": [payload], "dtype": "object"}
    for bad in (
        layer("TorchModuleWrapper", module="keras.layers"),
        layer("TimeDistributed", layer=payload),
        layer("TimeDistributed", layer={"class_name": "__bytes__", "config": {"value": payload}}),
        layer("JaxLayer", call_fn=payload),
        layer("Rescaling", scale={"class_name": "__numpy__", "config": objects}),
    ):
        bad["config"]["module"] = payload
        entry.refuse(sequential(bad), tmp_path)
        assert not WATCH.code()


@row("S08")
def test_arrays_of_objects_are_refused(tmp_path):
    entry = {"class_name": "__numpy__", "config": {"value": ["x"], "dtype": "object"}}
    config = sequential(layer("Rescaling", scale=entry))
    with pytest.raises(UnsafeFileError, match="array of numbers"):
        load_model(archive(tmp_path / "a.keras", config))


# Lookup layers

PLACES = ["{secret}", "file://{secret}", "http://localhost:9/x", "gs://bucket/x", "{secret}.txt"]


@every_config_entry
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
@row("S09")
def test_vocabularies_are_not_read_from_other_places(entry, name, place, tmp_path):
    secret = tmp_path / "secret_words"
    secret.write_text("a\nb\n")
    place = place.format(secret=secret)
    for argument in ("vocabulary", "idf_weights"):
        entry.refuse(sequential(layer(name, **{argument: place})), tmp_path)
        assert not WATCH.named("secret_words") and not WATCH.code()


@row("S09")
def test_vocabularies_are_not_read_by_deserialize():
    for name in ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing"):
        with WATCH(), pytest.raises(REFUSALS):
            deepkit.layers.deserialize(layer(name, vocabulary="/etc/passwd"))
        assert not WATCH.named("passwd")


# What is allowed


def test_functions_that_were_given_are_found():
    def double(x):
        return 2 * x

    config = sequential(layer("Lambda", function={"class_name": "function", "config": "double"}))
    for enter in (lambda c: model_from_json(json.dumps(c)), deserialize_keras_object):
        with custom_object_scope({"double": double}):
            made = enter(config)
        assert float(made(np.ones((1, 4), "float32"))[0, 0]) == 2.0


def test_an_object_that_has_no_config_of_a_model():
    for text, words in (("[1]", "description of list"), ('{"a": 1}', "description of dict")):
        with pytest.raises(ConfigError, match=words):
            model_from_json(text)
    with pytest.raises(CorruptFileError, match="cannot be read"):
        model_from_json("{")
    with pytest.raises(ConfigError, match="Expected the config of a layer"):
        deepkit.layers.deserialize({"class_name": "Zeros", "config": {}})
    with pytest.raises(ConfigError, match="The config cannot be used: KeyError"):
        model_from_json(json.dumps(sequential(layer("TimeDistributed"))))
