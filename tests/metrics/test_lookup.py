"""Metrics by name and by config."""

import pytest

from deepkit import metrics
from deepkit.core.errors import ArgumentTypeError, UnknownNameError
from deepkit.metrics._lookup import _OBJECTS
from tests.oracle import keras

_KERAS_NAMES = keras.src.metrics.ALL_OBJECTS_DICT


@pytest.mark.parametrize("name", sorted(_KERAS_NAMES))
def test_names_of_keras(name: str) -> None:
    assert _OBJECTS[name].__name__ == _KERAS_NAMES[name].__name__
    assert getattr(metrics, _OBJECTS[name].__name__) is _OBJECTS[name]


@pytest.mark.parametrize(
    ("name", "cls"),
    [("mse", metrics.MeanSquaredError), ("AUC", metrics.AUC), ("precision", metrics.Precision)],
)
def test_get_by_name(name: str, cls: type) -> None:
    metric = metrics.get(name)
    assert type(metric) is cls
    assert type(keras.metrics.get(name)).__name__ == cls.__name__


def test_get_of_other_things() -> None:
    metric = metrics.Recall()
    assert metrics.get(metric) is metric
    assert metrics.get(None) is None
    assert metrics.get("huber") is metrics.huber
    assert metrics.get(metrics.hinge) is metrics.hinge
    assert isinstance(metrics.get(metrics.Recall), metrics.Recall)


def test_config_without_a_module_is_that_of_a_metric() -> None:
    config = {"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}}
    for found in (metrics.get(config), metrics.deserialize(config)):
        assert isinstance(found, metrics.CategoricalCrossentropy)
        assert found.from_logits


def test_functions_are_serialized_by_name() -> None:
    config = metrics.serialize(metrics.binary_accuracy)
    assert metrics.deserialize(config) is metrics.binary_accuracy


def test_custom_objects() -> None:
    class Mine(metrics.Sum):
        pass

    found = metrics.deserialize(metrics.serialize(Mine(name="m")), custom_objects={"Mine": Mine})
    assert isinstance(found, Mine)
    assert isinstance(metrics.deserialize("Mine", custom_objects={"Mine": Mine}), Mine)


def test_unknown_names_list_the_closest() -> None:
    message = r"Unknown metric 'presicion'\. Did you mean '[Pp]recision'"
    with pytest.raises(UnknownNameError, match=message):
        metrics.get("presicion")
    with pytest.raises(UnknownNameError, match="Unknown metric 'typo'"):
        metrics.deserialize("typo")
    with pytest.raises(ArgumentTypeError, match="Expected a metric as a name"):
        metrics.get(3)
