"""Makes the golden configs: `python make_configs.py keras|tf.keras|tf_keras FOLDER/NAME.json`.

It runs under the version whose configs are wanted, with that version alone on the path, and writes
for each case what the version's own files hold, and the numbers that the version computes. Last,
`python make_configs.py pack FOLDER FILE.json.xz` puts the versions together.
"""

import importlib
import json
import lzma
import os
import pathlib
import sys
import tempfile
import warnings
import zipfile

import h5py
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compile_cases
import keras_1_cases
import layer_cases
import model_cases
from numbers_of_tests import inputs, numbers, weight

warnings.filterwarnings("ignore")
FOLDER = tempfile.mkdtemp()


def pack(folder, target):
    """Put what the versions wrote into one file."""
    versions = {p.stem: json.loads(p.read_text()) for p in pathlib.Path(folder).glob("*.json")}
    text = json.dumps(versions, sort_keys=True, separators=(",", ":"))
    with lzma.open(target, "wb", preset=9 | lzma.PRESET_EXTREME) as file:
        file.write(text.encode())


def main(package, target):
    keras, tf = load(package)
    version = version_of(keras, tf)
    report = {"package": package, "version": version, "layers": [], "models": [], "compile": []}
    skipped = {}
    for case in (keras_1_cases if is_one(keras) else layer_cases).cases(keras):
        attempt(
            report["layers"], skipped, case, lambda c: of_model(keras, layer_model(keras, c)), keras
        )
    for case in model_cases.cases(keras):
        attempt(report["models"], skipped, case, lambda c: of_model(keras, c["make"]()), keras)
    if tf is not None:
        for case in model_cases.op_cases(keras, tf):
            attempt(report["models"], skipped, case, lambda c: of_model(keras, c["make"]()), keras)
    for case in compile_cases.cases(keras):
        attempt(report["compile"], skipped, case, lambda c: of_compile(keras, c), keras)
    text = json.dumps(report, sort_keys=True, default=plain, separators=(",", ":"))
    pathlib.Path(target).write_text(text)
    counts = {key: len(value) for key, value in report.items() if isinstance(value, list)}
    print(version, counts, os.path.getsize(target), "bytes")
    for title, reason in skipped.items():
        print("  skipped", title, "|", reason[:110].replace("\n", " "))


def version_of(keras, tf):
    """The version of Keras; that of TensorFlow, which is the same, where Keras tells none."""
    return getattr(keras, "__version__", None) or tf.__version__


def is_one(keras):
    return getattr(keras, "__version__", "").startswith("1.")


def load(package):
    if package == "keras":
        keras = importlib.import_module("keras")
        for part in [
            "models",
            "layers",
            "losses",
            "metrics",
            "optimizers",
            "initializers",
            "regularizers",
        ]:
            try:
                importlib.import_module("keras." + part)
            except ImportError:  # Keras 1 has other names.
                other = {"losses": "objectives", "initializers": "initializations"}[part]
                setattr(keras, part, importlib.import_module("keras." + other))
        return keras, None
    tf = importlib.import_module("tensorflow")
    if package == "tf_keras":
        keras = importlib.import_module("tf_keras")
    else:
        keras = tf.keras
    if hasattr(tf, "config"):
        tf.config.set_visible_devices([], "GPU") if hasattr(tf.config, "set_visible_devices") else 0
    return keras, tf


def attempt(found, skipped, case, make, keras):
    keras.backend.clear_session()
    try:
        made = make(case)
    except Exception as error:
        skipped[case["title"]] = f"{type(error).__name__}: {error}"
        return
    found.append(dict(made, title=case["title"], **{k: case[k] for k in ("kind",) if k in case}))


def layer_model(keras, case):
    tensors = []
    for index, shape in enumerate(case["shapes"]):
        dtype, shape = shape if isinstance(shape[0], str) else ("float32", shape)
        tensors.append(keras.layers.Input(shape=shape, dtype=dtype, name=f"x{index}"))
    call = dict(case["call"])
    args = [tensors[0], tensors[0]] if call.pop("self", False) else [tensors]
    layer = case["make"]()
    outputs = layer(*(args if len(args) > 1 or len(tensors) > 1 else tensors), **call)
    names = ("input", "output") if is_one(keras) else ("inputs", "outputs")
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else outputs
    return keras.models.Model(**dict(zip(names, (tensors, outputs))))


def of_model(keras, model):
    """The configs of a model in files, and its outputs with the weights of the tests."""
    set_weights(model)
    given = []
    for _index, tensor in enumerate(model.inputs):
        shape = [2 if size is None else int(size) for size in keras.backend.int_shape(tensor)]
        dtype = tensor.dtype
        given.append((getattr(dtype, "name", dtype).replace("_ref", ""), shape))
    arrays = [inputs(tuple(shape), dtype, index) for index, (dtype, shape) in enumerate(given)]
    outputs = []
    if not any("CuDNN" in type(layer).__name__ for layer in model.layers):
        outputs = model.predict(structured(model, arrays), verbose=0)
    if isinstance(outputs, dict):
        outputs = [outputs[key] for key in sorted(outputs)]
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    found = {"inputs": given, "outputs": [values(output) for output in outputs]}
    return dict(found, **written(model))


def structured(model, arrays):
    names = getattr(model, "_nested_inputs", None)
    if isinstance(names, dict):
        return dict(zip(names, arrays))
    return arrays if len(arrays) > 1 else arrays[0]


def values(output):
    output = np.asarray(output)
    return {
        "shape": list(output.shape),
        "values": [rounded(v) for v in output.reshape(-1).tolist()],
    }


def rounded(value):
    return float(f"{value:.7g}") if isinstance(value, float) else value


def set_weights(model):
    for layer in model.layers:
        if hasattr(layer, "layers") and not hasattr(layer, "cell"):
            set_weights(layer)
            continue
        own = [w.name for w in layer.weights]
        shapes = [w.shape for w in layer.get_weights()]
        layer.set_weights(
            [
                weight(shape, layer.name, index, "variance" in name or "running_std" in name)
                if shape
                else np.zeros((), "float32")
                for index, (shape, name) in enumerate(zip(shapes, own))
            ]
        )


def written(model):
    """What the files of a model say: `.h5`, and `.keras` where there is one."""
    path = os.path.join(FOLDER, "model.h5")
    model.save(path)
    found = {}
    with h5py.File(path, "r") as file:
        for name in ("model_config", "training_config"):
            text = file.attrs.get(name)
            if text is not None:
                found[name] = json.loads(text.decode() if isinstance(text, bytes) else text)
    path = os.path.join(FOLDER, "model.keras")
    if has_archives():
        try:
            model.save(path)
        except TypeError:
            return found
        with zipfile.ZipFile(path) as archive:
            found["archive_config"] = json.loads(archive.read("config.json").decode())
    return found


def has_archives():
    try:
        import tensorflow as tf
    except ImportError:
        return False
    return (
        tuple(int(part) for part in tf.__version__.split(".")[:2]) >= (2, 12)
        and sys.argv[1] != "keras"
    )


def of_compile(keras, case):
    """The training config, and what one evaluation and three steps of training give."""
    Dense, Sequential = keras.layers.Dense, keras.models.Sequential
    model = Sequential([Dense(3, input_shape=(4,), activation="hard_sigmoid", name="layer")])
    set_weights(model)
    model.compile(**case["make"]())
    x = numbers((8, 4), "x")
    y = np.eye(3, dtype="float32")[np.arange(8) * 2 % 3]
    found = {}
    if case["kind"] == "optimizer":
        for _ in range(3):
            model.train_on_batch(x, y)
        found["weights"] = [values(array) for array in model.get_weights()]
    else:
        results = model.evaluate(x, y, batch_size=8, verbose=0)
        results = results if isinstance(results, (list, tuple)) else [results]
        found["results"] = [values(result) for result in results]
        found["names"] = list(model.metrics_names)
    return dict(found, **written(model))


def plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "as_list"):
        return value.as_list()
    raise TypeError(type(value))


if __name__ == "__main__":
    if sys.argv[1] == "pack":
        pack(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
