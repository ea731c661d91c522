"""Configs that are out for harm: refused before anything that they name is looked up or run."""

import json
import sys
import threading

import pytest

import deepkit
from deepkit import errors
from deepkit.core import registry
from deepkit.core.serialization import disable_unsafe_deserialization, in_safe_mode, load_scope
from deepkit.saving import deserialize_keras_object as deserialize
from deepkit.saving import serialize_keras_object as serialize
from tests.oracle import keras, oracle

EVENTS = []
WATCHED = ("import", "exec", "marshal.loads", "pickle.find_class", "socket.connect", "os.system")
WATCHING = [False]


def _note(event, args):
    if WATCHING[0] and event in WATCHED:
        EVENTS.append((event, str(args[:1])[:200]))


@pytest.fixture(scope="module", autouse=True)
def _audit():
    sys.addaudithook(_note)


@pytest.fixture
def watched():
    """What happened meanwhile; the parts that lookups need are loaded before."""
    with pytest.raises(errors.SerializationError):
        deserialize({"class_name": "function", "module": "builtins", "config": "no_such_name"})
    EVENTS.clear()
    WATCHING[0] = True
    yield EVENTS
    WATCHING[0] = False


@pytest.fixture
def _allowed_globally():
    deepkit.config.enable_unsafe_deserialization()
    yield
    disable_unsafe_deserialization()


def add_one(y=1):
    base = 10
    return lambda x, z=y: x + z + base


LAMBDA = json.loads(json.dumps(serialize(add_one())))


def test_lambdas_are_refused_unless_the_caller_allows_them(watched):
    for _ in range(2):
        with pytest.raises(errors.UnsafeFileError, match="safe_mode=False"):
            deserialize(LAMBDA)
        assert watched == []
        assert deserialize(LAMBDA, safe_mode=False)(1) == 12
        assert [event for event, _ in watched] == ["marshal.loads"]
        watched.clear()


def test_lambdas_can_be_written_and_read_again_by_keras_too():
    again = serialize(deserialize(LAMBDA, safe_mode=False))
    assert again["class_name"] == "__lambda__"
    assert deserialize(again, safe_mode=False)(1) == 12
    with oracle():
        assert keras.saving.deserialize_keras_object(LAMBDA, safe_mode=False)(1) == 12
        # Keras's own layer cannot read defaults again.
        config = {"name": "l", "function": json.loads(json.dumps(serialize(lambda x: x + 3)))}
        assert keras.layers.Lambda.from_config(config, safe_mode=False).function(1) == 4
        theirs = [
            keras.saving.serialize_keras_object(add_one()),
            keras.layers.Lambda(add_one()).get_config()["function"],
        ]
    for entry in theirs:
        assert deserialize(json.loads(json.dumps(entry)), safe_mode=False)(1) == 12


def test_damaged_bytecode():
    entry = {"class_name": "__lambda__", "config": {"value": ["bm90IGNvZGU=", None, None]}}
    with pytest.raises(errors.SerializationError, match="bytecode of a lambda .* cannot be read"):
        deserialize(entry, safe_mode=False)


@pytest.mark.usefixtures("_allowed_globally")
def test_an_argument_wins_over_the_global_switch():
    assert deserialize(LAMBDA)(1) == 12
    with pytest.raises(errors.UnsafeFileError):
        deserialize(LAMBDA, safe_mode=True)


def test_an_inner_argument_wins_over_the_load_in_progress():
    with load_scope(False):
        assert not in_safe_mode()
        assert deserialize([LAMBDA])[0](1) == 12
        with pytest.raises(errors.UnsafeFileError):
            deserialize(LAMBDA, safe_mode=True)
        with load_scope(None):
            assert not in_safe_mode()
    assert in_safe_mode()


def test_permission_ends_with_errors_and_stays_in_its_thread():
    found = []
    with pytest.raises(KeyError), load_scope(False):
        thread = threading.Thread(target=lambda: found.append(in_safe_mode()))
        thread.start()
        thread.join()
        raise KeyError
    with pytest.raises(errors.SerializationError):
        deserialize([LAMBDA, {"class_name": "Unknown", "config": {}}], safe_mode=False)
    assert found == [True]
    assert in_safe_mode()


HARMFUL = [
    {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"},
    {"module": "builtins", "class_name": "function", "config": "getattr"},
    {"module": "builtins", "class_name": "class", "config": "dict"},
    {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}},
    {"module": "pathlib", "class_name": "Path", "config": {}},
    {"module": "builtins", "class_name": "dict", "config": {"a": 1}},
    {"module": "antigravity", "class_name": "Anything", "config": {}},
    {"module": "keras.src.utils.file_utils", "class_name": "function", "config": "get_file"},
    {"module": "deepkit.core.serialization", "class_name": "function", "config": "load_scope"},
    *(
        {"module": module, "class_name": kind, "config": name}
        for module in ("builtins", "keras.utils", "keras.saving", "keras.layers", None)
        for kind in ("function", "class")
        for name in ("get_file", "load_model", "save_img", "enable_unsafe_deserialization")
    ),
    *(
        {"module": "keras.losses", "class_name": "function", "config": name}
        for name in (
            "get",
            "deserialize",
            "__getattr__",
            "__loader__",
            "_lookup",
            "x.y",
            "",
            3,
            None,
        )
    ),
]


@pytest.mark.parametrize("entry", HARMFUL, ids=str)
def test_what_a_config_names_is_not_looked_up(entry, watched):
    with pytest.raises(errors.SerializationError, match=r"Unknown (function|class).*register"):
        deserialize(entry)
    nested = {"class_name": "Dense", "module": "keras.layers", "config": {"activation": entry}}
    with pytest.raises((errors.SerializationError, TypeError)):
        deserialize(nested)
    assert watched == []
    assert "antigravity" not in sys.modules


def test_no_module_is_imported(tmp_path, monkeypatch, watched):
    canary = tmp_path / "canary"
    (tmp_path / "evil.py").write_text(f"open({str(canary)!r}, 'w').close()\nclass Layer: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    watched.clear()
    with pytest.raises(errors.SerializationError, match="Unknown class 'Layer'"):
        deserialize({"module": "evil", "class_name": "Layer", "config": {}})
    assert not canary.exists()
    assert "evil" not in sys.modules
    assert watched == []


def test_the_message_does_not_show_the_config():
    entry = {"class_name": "X" * 10_000, "config": {"secret": "hunter2"}}
    with pytest.raises(errors.SerializationError) as caught:
        deserialize(entry)
    assert len(str(caught.value)) < 600
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("dtype", ["O", "object", "S2000000000", "U9", "V99999999999", "string", 3])
@pytest.mark.parametrize("kind", ["__numpy__", "__tensor__"])
def test_arrays_are_of_numbers(kind, dtype):
    entry = {"class_name": kind, "config": {"value": ["a"], "dtype": dtype}}
    with pytest.raises(errors.UnsafeFileError, match="array of numbers in the config, received"):
        deserialize(entry)


def nested(depth, wrap):
    entry = 1
    for _ in range(depth):
        entry = wrap(entry)
    return entry


WRAPS = {
    "lists": lambda entry: [entry],
    "dicts": lambda entry: {"a": entry},
    "tuples": lambda entry: {"class_name": "__tuple__", "config": {"value": [entry]}},
    "slices": lambda entry: {
        "class_name": "__slice__",
        "config": {"start": entry, "stop": 1, "step": 1},
    },
}


@pytest.mark.parametrize("kind", WRAPS)
def test_deep_configs_end_in_an_error(kind):
    with pytest.raises(errors.SerializationError, match="nested too deep"):
        deserialize(nested(20_000, WRAPS[kind]))
    assert deserialize(nested(20, WRAPS[kind])) is not None


def test_only_known_modules_can_be_named():
    areas = {module.split(".")[1] for module in registry.provided_modules() if "." in module}
    assert areas == {
        *("layers", "models", "losses", "metrics", "optimizers", "initializers", "regularizers"),
        *("constraints", "dtype_policies", "random", "activations", "ops", "src"),
    }
