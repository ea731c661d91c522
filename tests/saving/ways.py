"""All the ways in which a model is written, by the name of what is written."""

import json
import os
import zipfile

import h5py
import numpy as np

import deepkit
from tests.saving.models import fill, open_weights

SINGLE_FILES = ("model.keras", "model.h5", "model.weights.h5")
FILES = (*SINGLE_FILES, "model.weights.json")
ALL = (*FILES, "folder")

SHARD_BYTES = 600_000


def make(seed, width=200):
    """A small model with state of every kind; its arrays fill more than one shard."""
    layers = [
        deepkit.layers.Dense(width, name="wide"),
        deepkit.layers.BatchNormalization(name="normal"),
        deepkit.layers.Dropout(0.5, seed=seed, name="drop"),
        deepkit.layers.Dense(2, name="last"),
    ]
    model = deepkit.Sequential([deepkit.Input((300,)), *layers], name="m")
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return fill(model, seed)


def save(model, path):
    """Write a model in the way that the name of the path says."""
    name = os.path.basename(path)
    if name.endswith(".weights.json"):
        model.save_weights(path, max_shard_size=SHARD_BYTES / 2**30)
    elif name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path, zipped=None if "." in name else False)
    return path


def load(path, into=None):
    """The model in a file; weights alone are loaded into a given model, or a new one."""
    if ".weights." not in os.path.basename(path):
        return deepkit.saving.load_model(path)
    model = into if into is not None else make(99)
    model.load_weights(path)
    return model


def state(model):
    """All values that files keep, as bytes."""
    variables = [*model.weights, *model.optimizer.variables]
    return [np.asarray(variable).tobytes() for variable in variables]


def snapshot(folder):
    """All that is in a folder, by name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else None
    return found


def layers_in(path):
    """The configs of layers, without the numbers that say which parts are one object."""

    def strip(value):
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k != "shared_object_id"}
        return [strip(item) for item in value] if isinstance(value, list) else value

    with zipfile.ZipFile(path) as archive:
        return strip(json.loads(archive.read("config.json"))["config"]["layers"])


def bytes_in(path):
    """Shape, dtype and bytes of all arrays, by path."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and name != "deepkit_manifest":
            found[name] = item.shape, item.dtype, item[()].tobytes()

    with open_weights(path) as file:
        file.visititems(visit)
    return found


def count_of_arrays(path):
    """How many different arrays a file holds."""
    places = set()
    with open_weights(path) as file:
        file.visititems(
            lambda name, item: (
                places.add(h5py.h5o.get_info(item.id).addr)
                if isinstance(item, h5py.Dataset) and name != "deepkit_manifest"
                else None
            )
        )
    return len(places)
