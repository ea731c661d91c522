"""Names that are paths: a save refuses or escapes them, and a load opens nothing elsewhere."""

import os

import numpy as np
import pytest

import deepkit
from deepkit.errors import ArgumentError, SerializationError
from deepkit.saving import load_model
from tests.saving.crafted import layer, sequential
from tests.saving.models import fill
from tests.saving.safety.entries import every_config_entry
from tests.saving.safety.rows import row
from tests.saving.safety.watch import WATCH

NAMES = [
    "..",
    ".",
    "a/../../b",
    "/abs",
    "",
    "a\x00b",
    "x" * 10_000,
    "C:\\x",
    "..\\x",
    "\udcff",
    "é" * 400,
]
ENDINGS = [".keras", ".h5", ".weights.h5"]


def _everything(folder):
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:12])
@row("S21")
def test_layers_with_names_that_are_paths(name, ending, tmp_path):
    """Either the name is refused, or all comes back, and no file lies anywhere else."""
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    path = folder / f"model{ending}"
    try:
        dense = deepkit.layers.Dense(2, name=name)
    except ArgumentError as error:
        assert "Expected `name` of Dense to be text" in str(error)
        return
    model = fill(deepkit.Sequential([deepkit.Input((4,)), dense]))
    with WATCH():
        try:
            (model.save_weights if ending == ".weights.h5" else model.save)(path)
        except SerializationError:
            assert _everything(tmp_path) == []
            return
    assert _everything(tmp_path) == [str(path)]
    values = [np.asarray(weight) for weight in model.weights]
    loaded = fill(model, seed=1) if ending == ".weights.h5" else load_model(path)
    if ending == ".weights.h5":
        model.load_weights(path)
    for weight, value in zip(loaded.weights, values):
        np.testing.assert_array_equal(weight, value)
    assert loaded.layers[0].name == name


@every_config_entry
@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:12])
@row("S21")
def test_configs_with_names_that_are_paths(entry, name, tmp_path):
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    config = sequential({**layer("Dense", units=2), "config": {"units": 2, "name": name}})
    config["config"]["name"] = name
    with WATCH():
        try:
            entry.run(config, folder)
        except Exception as error:
            assert isinstance(error, deepkit.errors.DeepkitError)
    assert {os.path.dirname(path) for path in _everything(tmp_path)} <= {str(folder)}


@pytest.mark.parametrize("key", ["..", "a/b", "", "a\x00b", "x" * 10_000])
@row("S21")
def test_keys_that_are_paths(key, tmp_path):
    class Own(deepkit.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight("scale", shape=(4,))

        def call(self, x):
            return x * self.scale

        def save_own_variables(self, store):
            store[key] = self.scale

    model = deepkit.Sequential([deepkit.Input((4,)), Own()])
    for path in (tmp_path / "a.weights.h5", tmp_path / "a.keras"):
        with pytest.raises(SerializationError, match="a name that a file can hold"):
            (model.save_weights if path.suffix == ".h5" else model.save)(path)
    assert _everything(tmp_path) == []
