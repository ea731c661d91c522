"""Reads golden configs of older Keras with deepkit, and computes what Keras computed."""

import json
import lzma
import pathlib

import numpy as np

import deepkit
from deepkit.core import serialization
from deepkit.saving._formats._older_configs import modern_config, modern_training_config
from tests.saving.older.numbers_of_tests import inputs, numbers, weight

FOLDER = pathlib.Path(__file__).parent / "configs"
# Sums of a few products in float32, in another order.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
# A layer computes in float16.
HALF = {"rtol": 2e-3, "atol": 2e-3}


def golden(name):
    """What one version of Keras wrote."""
    with lzma.open(FOLDER / f"{name}.json.xz") as file:
        return json.load(file)


def forms_of(case):
    """The configs of a model in its files, those that were written: `.h5` and `.keras`."""
    names = ("model_config", "archive_config")
    return {name: case[name] for name in names if name in case}


def read(config, version=None):
    """The model of a config; `compile_config` is left aside."""
    with serialization.without_compile():
        return serialization.deserialize_keras_object(modern_config(config, version))


def set_weights(model):
    """The weights that Keras had, layer by layer."""
    for layer in model.layers:
        if isinstance(layer, deepkit.Model):
            set_weights(layer)
            continue
        variables = [*layer.trainable_weights, *layer.non_trainable_weights]
        variables = [v for v in variables if "seed" not in v.path]
        for index, variable in enumerate(variables):
            shape = tuple(variable.shape)
            is_positive = "variance" in variable.path
            value = weight(shape, layer.name, index, is_positive) if shape else np.zeros(())
            variable.assign(value.astype(str(variable.dtype)))


def outputs_of(model, case):
    """What the model makes of the inputs of the tests, as a flat list."""
    arrays = [inputs(tuple(s), dtype, index) for index, (dtype, s) in enumerate(case["inputs"])]
    found = model(arrays if len(arrays) > 1 else arrays[0])
    if isinstance(found, dict):
        found = [found[key] for key in sorted(found)]
    return list(found) if isinstance(found, list | tuple) else [found]


def compare(found, expected, name, tolerance=TOLERANCE):
    """Raise where an array is not what Keras computed."""
    found = np.asarray(found)
    want = np.asarray(expected["values"], dtype=found.dtype).reshape(expected["shape"])
    assert found.shape == want.shape, f"{name}: shape {found.shape}, expected {want.shape}"
    np.testing.assert_allclose(
        found.astype("float64"), want.astype("float64"), err_msg=name, **tolerance
    )


def check_outputs(model, case):
    """Raise unless the model computes what it computed in Keras."""
    set_weights(model)
    found = outputs_of(model, case)
    assert len(found) == len(case["outputs"]), f"{len(found)} outputs"
    for index, (own, expected) in enumerate(zip(found, case["outputs"])):
        is_half = "mixed_float16" in json.dumps(case["model_config"]) or own.dtype == "float16"
        compare(own, expected, f"output {index}", HALF if is_half else TOLERANCE)


def compiled(case, form):
    """The model of a case, compiled as it was."""
    model = read(case[form])
    if form == "model_config":
        model.compile_from_config(modern_training_config(case["training_config"]))
    else:
        model.compile_from_config(modern_config(case[form])["compile_config"])
    set_weights(model)
    return model


def check_training(model, case):
    """Raise unless evaluation and training give what they gave in Keras."""
    x, y = numbers((8, 4), "x"), np.eye(3, dtype="float32")[np.arange(8) * 2 % 3]
    if case["kind"] == "optimizer":
        for _ in range(3):
            model.train_on_batch(x, y)
        for index, (variable, expected) in enumerate(zip(model.trainable_weights, case["weights"])):
            compare(variable.value, expected, f"weight {index}")
        return
    results = model.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
    found = [np.asarray(value) for value in results.values()]
    for own, expected, name in zip(found, case["results"], case["names"], strict=True):
        compare(own, expected, name)
