"""The registry: names for classes and functions, scopes, and which name wins."""

import threading

import pytest

from deepkit import errors, saving
from deepkit.core import registry
from deepkit.core.serialization import find_object


@pytest.fixture(autouse=True)
def _registry_is_restored(monkeypatch):
    monkeypatch.setattr(registry, "_CUSTOM_OBJECTS", dict(registry._CUSTOM_OBJECTS))
    monkeypatch.setattr(registry, "_REGISTERED_NAMES", dict(registry._REGISTERED_NAMES))


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


def test_registered_functions_have_a_name_with_a_package():
    assert saving.get_registered_name(double) == "double"
    assert saving.register_keras_serializable()(double) is double
    assert saving.get_registered_name(double) == "Custom>double"
    saving.register_keras_serializable("other", name="twice")(double)
    assert saving.get_registered_name(double) == "other>twice"
    assert saving.get_registered_object("other>twice") is double
    assert saving.get_registered_object("twice") is None
    assert saving.get_custom_objects()["Custom>double"] is double


def test_classes_need_a_config():
    class Bare:
        pass

    with pytest.raises(errors.ArgumentError, match="a class with `get_config`, received Bare"):
        saving.register_keras_serializable()(Bare)


def test_objects_without_a_name():
    with pytest.raises(AttributeError):
        saving.get_registered_name([])


def test_which_name_wins():
    """The argument, then inner scopes, then outer ones, then the registry, then the module."""
    a, b, c, d, e = (object() for _ in range(5))
    saving.get_custom_objects()["name"] = d
    find = saving.get_registered_object
    with saving.custom_object_scope({"name": c}):
        with saving.CustomObjectScope({"name": b}):
            assert find("name", {"name": a}, {"name": e}) is a
            assert find("name", None, {"name": e}) is b
            assert registry.scoped_custom_objects() == {"name": b}
        assert find("name", module_objects={"name": e}) is c
    assert find("name", module_objects={"name": e}) is d
    del saving.get_custom_objects()["name"]
    assert find("name", module_objects={"name": e}) is e
    assert find("name") is None


def test_scopes_do_not_leak():
    found = []
    with pytest.raises(KeyError), saving.custom_object_scope({"double": double}):
        thread = threading.Thread(
            target=lambda: found.append(saving.get_registered_object("double"))
        )
        thread.start()
        thread.join()
        raise KeyError
    assert found == [None]
    assert saving.get_registered_object("double") is None


def test_scopes_take_dicts():
    with pytest.raises(
        errors.ArgumentError, match=r"`custom_objects` to be a dict .* \['double'\]"
    ):
        saving.custom_object_scope(["double"])
    with saving.custom_object_scope(None), registry.optional_scope(None):
        assert registry.scoped_custom_objects() == {}


def test_names_written_without_their_package_are_found_if_there_is_one():
    """Keras up to 3.6 wrote functions like that."""
    saving.register_keras_serializable("first")(double)
    assert find_object("double", "builtins", "function", "function") is double
    saving.register_keras_serializable("second", name="double")(triple)
    with pytest.raises(errors.SerializationError, match="Unknown function 'double'"):
        find_object("double", "builtins", "function", "function")
