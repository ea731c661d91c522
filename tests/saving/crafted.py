"""Files that ask for what must not be done."""

import json
import zipfile

import h5py

WEIGHTS = "model.weights.h5"


def archive(path, config, weights=b""):
    """A `.keras` file of a config and the bytes of a file of weights."""
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        out.writestr("config.json", config if isinstance(config, bytes) else json.dumps(config))
        out.writestr(WEIGHTS, weights)
    return path


def older(path, config):
    """A `.h5` file of a config."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.create_group("model_weights").attrs["layer_names"] = []
    return path


def sequential(*layers):
    """The config of a chain of layers, given as their own configs."""
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "chain", "layers": [INPUT, *layers]},
        "registered_name": None,
    }


INPUT = {
    "module": "keras.layers",
    "class_name": "InputLayer",
    "config": {"batch_shape": [None, 4], "name": "x"},
    "registered_name": None,
}


def layer(class_name, module="keras.layers", **config):
    """The config of a layer."""
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": "made", **config},
        "registered_name": None,
    }


def drawn(entry):
    """The config of a drawn model in which an entry is called on the input."""
    place = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": ["x", 0, 0]},
    }
    call = {"args": [place], "kwargs": {}}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": "drawn",
            "layers": [
                {**INPUT, "name": "x", "inbound_nodes": []},
                {**entry, "name": "made", "inbound_nodes": [call]},
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["made", 0, 0]],
        },
        "registered_name": "Functional",
    }
