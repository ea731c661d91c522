"""Reads golden configs of older Keras with deepkit, and computes what Keras computed."""

import functools
import json
import lzma
import pathlib

import numpy as np

import deepkit
from deepkit.core import serialization
from deepkit.saving._formats._older_configs import modern_config, modern_training_config
from tests.saving.older.numbers_of_tests import inputs, numbers, weight

FILE = pathlib.Path(__file__).parent / "configs.json.xz"
# Sums of a few products in float32, in another order.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
# A few steps of 0.02, of rules that are not quite the same.
NEAR = {"rtol": 0.0, "atol": 2e-4}
# A layer computes in float16.
HALF = {"rtol": 2e-3, "atol": 2e-3}


@functools.cache
def golden():
    """What the versions of Keras wrote, by version."""
    with lzma.open(FILE) as file:
        return json.load(file)


def forms_of(case):
    """The names of a model's configs in its files: `.h5` and, where there is one, `.keras`."""
    return [name for name in ("model_config", "archive_config") if name in case]


def read(config, version=None):
    """The model of a config; `compile_config` is left aside."""
    with serialization.without_compile():
        return serialization.deserialize_keras_object(modern_config(config, version))


def set_weights(model, version=""):
    """The weights that Keras had, layer by layer."""
    for layer in model.layers:
        if isinstance(layer, deepkit.Model):
            set_weights(layer, version)
            continue
        # Keras 1 had the filters of these last.
        is_swapped = version.startswith("1") and type(layer).__name__ == "Conv2DTranspose"
        variables = [*layer.trainable_weights, *layer.non_trainable_weights]
        for index, variable in enumerate(variables):
            shape = tuple(variable.shape)
            is_positive = "variance" in variable.path
            swap = is_swapped and len(shape) == 4
            shape = (*shape[:2], shape[3], shape[2]) if swap else shape
            value = weight(shape, layer.name, index, is_positive) if shape else np.zeros(())
            value = value.transpose(0, 1, 3, 2) if swap else value
            variable.assign(value.astype(str(variable.dtype)))


_OUTPUTS = {}


def outputs_of(case, form, version):
    """What a model makes of the inputs of the tests, as a flat list of arrays.

    The same model is not made again: most versions wrote most of them alike.
    """
    config = modern_config(case[form], version)
    key = json.dumps([config, case["inputs"]], sort_keys=True)
    if key not in _OUTPUTS:
        model = read(case[form], version)
        set_weights(model, version)
        arrays = [inputs(tuple(s), dtype, index) for index, (dtype, s) in enumerate(case["inputs"])]
        found = model(arrays if len(arrays) > 1 else arrays[0])
        if isinstance(found, dict):
            found = [found[name] for name in sorted(found)]
        found = list(found) if isinstance(found, list | tuple) else [found]
        _OUTPUTS[key] = [np.asarray(array) for array in found]
    return _OUTPUTS[key]


def compare(found, expected, name, tolerance=TOLERANCE):
    """Raise where an array is not what Keras computed."""
    found = np.asarray(found)
    want = np.asarray(expected["values"], dtype=found.dtype).reshape(expected["shape"])
    assert found.shape == want.shape, f"{name}: shape {found.shape}, expected {want.shape}"
    np.testing.assert_allclose(
        found.astype("float64"), want.astype("float64"), err_msg=name, **tolerance
    )


def check_outputs(case, form, version):
    """Raise unless the model computes what it computed in Keras."""
    found = outputs_of(case, form, version)
    if not case["outputs"]:
        return  # Keras could not compute it without a GPU.
    assert len(found) == len(case["outputs"]), f"{len(found)} outputs"
    for index, (own, expected) in enumerate(zip(found, case["outputs"])):
        is_half = "mixed_float16" in json.dumps(case[form]) or own.dtype == "float16"
        compare(own, expected, f"output {index}", HALF if is_half else TOLERANCE)


def compiled(case, form, version):
    """The model of a case, compiled as it was."""
    model = read(case[form], version)
    model.compile_from_config(_compile_config(case, form, version))
    # Programs would have to be compiled for each case.
    model.run_eagerly = True
    set_weights(model)
    return model


def _compile_config(case, form, version):
    if form == "model_config":
        return modern_training_config(case["training_config"], version)
    return modern_config(case[form])["compile_config"]


_RESULTS = {}


def results_of(case, form, version):
    """The loss and metrics of an evaluation, or the weights after three steps of training."""
    # The model is the same in all of these cases.
    key = json.dumps([_compile_config(case, form, version), case["kind"]], sort_keys=True)
    if key not in _RESULTS:
        model = compiled(case, form, version)
        x, y = numbers((8, 4), "x"), np.eye(3, dtype="float32")[np.arange(8) * 2 % 3]
        if case["kind"] == "optimizer":
            for _ in range(3):
                model.train_on_batch(x, y)
            _RESULTS[key] = [np.asarray(v.value) for v in model.trainable_weights]
        else:
            results = model.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
            _RESULTS[key] = [np.asarray(value) for value in results.values()]
    return _RESULTS[key]


def check_training(case, form, version):
    """Raise unless evaluation and training give what they gave in Keras.

    `epsilon` of two optimizers stood outside of a root, and the nearest rule of today is taken.
    """
    is_near = any(rule in case["title"] for rule in ("RMSprop", "Adagrad"))
    tolerance = NEAR if is_near else TOLERANCE
    expected = case["weights"] if case["kind"] == "optimizer" else case["results"]
    names = case.get("names", ["kernel", "bias"])
    for found, want, name in zip(results_of(case, form, version), expected, names, strict=True):
        compare(found, want, name, tolerance)
