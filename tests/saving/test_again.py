"""What is saved, loaded and saved again is the same bit for bit, each variable once."""

import json
import zipfile

import h5py
import numpy as np
import pytest

import deepkit
from tests.saving import ways
from tests.saving.models import assert_equal_values, fill, open_weights
from tests.saving.test_formats import FIRST_ROWS, _drawn_around, fill_any


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


@pytest.mark.parametrize("row", FIRST_ROWS, ids=str)
def test_W05_every_layer_is_saved_again_as_it_was(row, tmp_path):
    paths = [tmp_path / f"{number}.keras" for number in (1, 2)]
    model = _drawn_around(deepkit, row)
    fill_any(model)
    model.save(paths[0])
    loaded = deepkit.saving.load_model(paths[0])
    loaded.save(paths[1])
    assert layers_in(paths[0]) == layers_in(paths[1])
    assert bytes_in(paths[0]) == bytes_in(paths[1])
    assert count_of_arrays(paths[0]) == len({id(v) for v in model.variables})


class Nested(deepkit.Model):
    """Layers in lists and dicts, one of them in two places, and a variable in two layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        shared = deepkit.layers.Dense(5)
        self.blocks = [shared, {"b": deepkit.layers.Dense(5), "a": (shared,)}, [[]]]
        self.table = {"x": [deepkit.layers.Dense(5), deepkit.layers.Dense(5)], "y": shared}
        self.tied = Tied(shared)

    def call(self, x):
        x = self.blocks[1]["b"](self.blocks[0](x))
        return self.tied(self.table["x"][1](self.table["x"][0](x)))


class Tied(deepkit.layers.Layer):
    """Has the variables of another layer as its own."""

    def __init__(self, source, **kwargs):
        super().__init__(**kwargs)
        self.source = source

    def build(self, input_shape):
        self.kernel = self.source.kernel

    def call(self, x):
        return x @ self.kernel


def nested():
    model = Nested()
    model.build((None, 5))
    return model


@pytest.mark.parametrize("name", ["a.weights.h5", "a.weights.json"])
def test_W05_nested_and_shared_layers_are_stored_once(name, tmp_path):
    paths = [tmp_path / str(number) / name for number in (1, 2)]
    model = fill(nested(), 1)
    other = fill(nested(), 2)
    for path, saved in zip(paths, (model, other)):
        if saved is other:
            other.load_weights(paths[0])
        saved.save_weights(path, max_shard_size=200 / 2**30 if ".json" in name else None)
    assert_equal_values(other.variables, model.variables)
    files = [sorted(path.parent.glob("*.weights.h5")) for path in paths]
    for first, second in zip(*files, strict=True):
        assert bytes_in(first) == bytes_in(second)
    assert sum(map(count_of_arrays, files[0])) == len(model.variables)


def of_dtype(dtype):
    policy = deepkit.DTypePolicy(dtype)
    layers = [deepkit.layers.Dense(4, dtype=policy), deepkit.layers.Dense(2, dtype=policy)]
    return deepkit.Sequential([deepkit.Input((3,), dtype=dtype), *layers])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
@pytest.mark.parametrize("name", ways.ALL)
def test_W05_dtypes_come_back_bit_for_bit(name, dtype, tmp_path):
    import jax

    with jax.enable_x64(dtype == "float64"):
        model = of_dtype(dtype)
        for variable in model.variables:
            bits = np.random.default_rng(0).random(tuple(variable.shape)) / 3
            variable.assign(bits.astype(variable.dtype))
        path = ways.save(model, tmp_path / name)
        loaded = ways.load(path, of_dtype(dtype))
        assert [v.dtype for v in loaded.variables] == [v.dtype for v in model.variables]
        assert {v.dtype for v in loaded.weights} == {dtype}
        assert_equal_values(loaded.variables, model.variables)
