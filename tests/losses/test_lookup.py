"""Losses by name, config and object; what Keras writes and reads."""

import inspect
import json

import numpy as np
import pytest

from deepkit import losses
from deepkit.core import registry
from deepkit.core.errors import ArgumentTypeError, SerializationError, UnknownNameError
from tests.losses.catalogue import CTC, ROWS, case_id
from tests.oracle import keras

ALL_ROWS = (*ROWS, CTC)
ALIASES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
OLDER_NAMES = {
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "cosine_proximity": "cosine_similarity",
    "huber_loss": "huber",
}


@pytest.mark.parametrize("row", ALL_ROWS, ids=case_id)
def test_names_find_functions_and_classes(row):
    assert losses.get(row.function) is getattr(losses, row.function)
    assert type(losses.get(row.cls)) is getattr(losses, row.cls)
    assert type(losses.get(getattr(losses, row.cls))) is getattr(losses, row.cls)
    assert losses.deserialize(row.function) is getattr(losses, row.function)


@pytest.mark.parametrize("alias", [*ALIASES, *OLDER_NAMES])
def test_aliases(alias):
    expected = getattr(losses, {**ALIASES, **OLDER_NAMES}[alias])
    assert losses.get(alias) is expected
    if alias in ALIASES:
        assert losses.get(alias.upper()) is expected
        assert getattr(losses, alias) is getattr(losses, alias.upper()) is expected


def test_all_public_names_and_signatures_of_keras():
    for name in dir(keras.losses):
        if name.startswith("_"):
            continue
        ours, theirs = getattr(losses, name), getattr(keras.losses, name)
        expected = [(p.name, p.default) for p in inspect.signature(theirs).parameters.values()]
        found = [(p.name, p.default) for p in inspect.signature(ours).parameters.values()]
        assert found == expected, name


def test_functions_and_objects_are_returned_as_they_are():
    def mine(y_true, y_pred):
        return y_pred

    loss = losses.Huber()
    assert losses.get(mine) is mine
    assert losses.get(loss) is loss
    assert losses.get(None) is None


def test_an_unknown_name_raises_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"Unknown loss 'mean_square_error'\. Did you mean"):
        losses.get("mean_square_error")
    with pytest.raises(UnknownNameError, match="Unknown loss 'nonsense'"):
        losses.deserialize("nonsense")
    with pytest.raises(ArgumentTypeError, match="Expected"):
        losses.get(3)


@pytest.mark.parametrize("row", ALL_ROWS, ids=case_id)
def test_configs_bring_back_the_loss(row):
    cls = getattr(losses, row.cls)
    loss = cls(**row.class_options, reduction="sum", name="mine", dtype="bfloat16")
    entry = json.loads(json.dumps(losses.serialize(loss)))
    assert (entry["module"], entry["class_name"]) == ("keras.losses", row.cls)
    back = losses.deserialize(entry)
    assert type(back) is cls
    assert back.get_config() == loss.get_config()
    assert (back.name, back.reduction, back.dtype) == ("mine", "sum", "bfloat16")
    for name, value in row.class_options.items():
        assert getattr(back, name) == value


@pytest.mark.parametrize("row", ALL_ROWS, ids=case_id)
def test_keras_reads_our_configs_and_we_read_theirs(row):
    loss = getattr(losses, row.cls)(**row.class_options, reduction="sum")
    written = json.loads(json.dumps(losses.serialize(loss)))
    theirs = keras.saving.deserialize_keras_object(written)
    assert type(theirs).__name__ == row.cls
    assert theirs._fn_kwargs == pytest.approx(loss.options)
    original = getattr(keras.losses, row.cls)(reduction="sum")
    ours = losses.deserialize(json.loads(json.dumps(keras.losses.serialize(original))))
    assert type(ours) is type(loss)
    assert ours.reduction == "sum"


def test_functions_are_named_in_configs():
    entry = losses.serialize(losses.mse)
    assert (entry["class_name"], entry["config"]) == ("function", "mean_squared_error")
    assert losses.deserialize(entry) is losses.mean_squared_error
    assert keras.losses.deserialize(entry) is keras.losses.mean_squared_error
    theirs = keras.losses.serialize(keras.losses.huber)
    assert losses.deserialize(theirs) is losses.huber


def test_configs_of_keras_2():
    entry = {
        "class_name": "BinaryCrossentropy",
        "config": {"reduction": "auto", "name": "bce", "from_logits": True, "label_smoothing": 0},
    }
    loss = losses.get(entry)
    assert loss.from_logits is True
    assert loss.reduction == "sum_over_batch_size"


def test_registered_functions_are_found_by_their_registered_name(monkeypatch):
    monkeypatch.setattr(registry, "_CUSTOM_OBJECTS", {})
    monkeypatch.setattr(registry, "_REGISTERED_NAMES", {})

    @registry.register_keras_serializable("losses_test")
    def my_loss(y_true, y_pred):
        return (y_true - y_pred) ** 2

    entry = losses.serialize(my_loss)
    assert (entry["class_name"], entry["config"]) == ("function", "losses_test>my_loss")
    assert losses.deserialize(entry) is my_loss
    assert losses.get("losses_test>my_loss") is my_loss


def test_custom_objects_win():
    def my_loss(y_true, y_pred):
        return y_pred

    entry = losses.serialize(my_loss)
    assert losses.deserialize(entry, custom_objects={"my_loss": my_loss}) is my_loss
    assert losses.deserialize("mse", custom_objects={"mse": my_loss}) is my_loss
    with pytest.raises(SerializationError, match="Unknown function 'my_loss'"):
        losses.deserialize(entry)


def test_wrappers_bring_back_function_and_options():
    loss = losses.LossFunctionWrapper(losses.huber, reduction="sum", name="mine", delta=2.0)
    entry = json.loads(json.dumps(losses.serialize(loss)))
    y_true, y_pred = np.zeros((2, 1)), np.array([[1.0], [4.0]])
    back = losses.deserialize(entry)
    assert isinstance(back, losses.LossFunctionWrapper)
    assert back.get_config() == loss.get_config()
    assert float(back(y_true, y_pred)) == float(loss(y_true, y_pred)) == 6.5
    theirs = keras.src.losses.losses.LossFunctionWrapper
    written = keras.losses.serialize(theirs(keras.losses.huber, name="mine", delta=2.0))
    assert losses.deserialize(written).options == {"delta": 2.0}
