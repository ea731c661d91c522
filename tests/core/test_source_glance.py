"""What source code tells of classes is what importing tells."""

import importlib

import pytest

import deepkit
from deepkit._public import _CLASS_MODULES, _FUNCTION_MODULES
from deepkit.core import registry
from deepkit.core.serialization._deserialize import _SPECIAL_ENTRIES
from deepkit.core.source_glance import defines_class

AREAS = tuple(dict.fromkeys((*_CLASS_MODULES, *_FUNCTION_MODULES)))


@pytest.mark.parametrize("area", AREAS)
def test_what_is_surely_there_is_there(area):
    module = f"keras.{area}"
    names = dir(importlib.import_module(f"deepkit.{area}"))
    sure = [name for name in names if registry.is_surely_provided(module, name)]
    assert [name for name in sure if registry.provided(module, name) is None] == []
    classes = [name for name in names if isinstance(registry.provided(module, name), type)]
    assert len(sure) >= 0.8 * len(classes) - 2


def test_short_names():
    for module in ("keras", "keras.src.models.functional"):
        assert registry.is_surely_provided(module, "Sequential")
        assert not registry.is_surely_provided(module, "get_file")
    assert not registry.is_surely_provided("os", "system")
    assert deepkit.Sequential is registry.provided("keras", "Sequential")


@pytest.mark.parametrize(
    ("module", "name", "found"),
    [
        ("deepkit.layers", "Dense", True),
        ("deepkit.layers", "Convolution2D", True),
        ("deepkit.layers", "Input", False),
        ("deepkit.layers", "NoSuchLayer", False),
        ("deepkit.optimizers", "schedules", False),
        ("deepkit.no_such_module", "Dense", False),
    ],
)
def test_names_of_all_kinds(module, name, found):
    assert defines_class(module, name) is found


def test_special_names_are_those_that_deserialization_knows():
    # Models read tensors, everything else is read where configs are.
    assert {*_SPECIAL_ENTRIES, "__keras_tensor__"} == registry.SPECIAL_NAMES
