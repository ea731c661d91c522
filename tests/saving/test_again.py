"""What is saved, loaded and saved again is the same bit for bit, each variable once.

`test_formats.py` looks at every layer.
"""

import jax
import numpy as np
import pytest

import deepkit
from tests.saving import ways
from tests.saving.models import assert_equal_values, fill
from tests.saving.ways import bytes_in, count_of_arrays


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
