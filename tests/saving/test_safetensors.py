"""The safetensors format: keys, dtypes, shared variables, strict loading, damage and malice."""

import json
import os

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import deepkit
from deepkit.errors import (
    ArgumentError,
    CorruptFileError,
    SerializationError,
    UnsafeFileError,
    WeightMismatchError,
)
from deepkit.saving import inspect_file
from deepkit.saving._formats import _safetensors, _safetensors_header
from deepkit.saving._formats._safetensors import WeightsContent, write_content
from deepkit.saving._formats._safetensors_reader import SafetensorsReader
from tests.saving.models import INPUTS, KINDS, TARGETS, assert_equal_values, fill, values


def _dense(units=3, **kwargs):
    return fill(deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(units, **kwargs)]))


# Both ways


@pytest.mark.parametrize("kind", KINDS)
def test_weights_go_both_ways(kind, tmp_path):
    model, other = fill(KINDS[kind](deepkit)), fill(KINDS[kind](deepkit), seed=1)
    model.save_weights(tmp_path / "a.safetensors")
    other.load_weights(tmp_path / "a.safetensors")
    assert_equal_values(values(other), values(model))


def test_keys_are_attributes_and_names_with_dots(tmp_path):
    model = fill(KINDS["chained"](deepkit))
    model.save_weights(tmp_path / "a.safetensors")
    found = load_file(tmp_path / "a.safetensors")
    normalization = {"gamma", "beta", "moving_mean", "moving_variance"}
    assert set(found) == {
        *(
            f"layers.{layer}.{name}"
            for layer in ("dense", "dense_1")
            for name in ("kernel", "bias")
        ),
        *(f"layers.batch_normalization.{name}" for name in normalization),
    }
    np.testing.assert_array_equal(found["layers.dense.kernel"], model.layers[0].kernel)
    with safe_open(tmp_path / "a.safetensors", framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["format"] == "deepkit" and metadata["class_name"] == "Sequential"
    assert metadata["deepkit_version"] == deepkit.__version__


def test_equal_names_become_numbers(tmp_path):
    class Twice(deepkit.layers.Layer):
        def build(self, shape):
            self.weights_of_it = [self.add_weight((2,), name="w") for _ in range(2)]

        def call(self, x):
            return x + self.weights_of_it[0] - self.weights_of_it[1]

    model = fill(deepkit.Sequential([deepkit.Input((2,)), Twice()]))
    model.save_weights(tmp_path / "a.safetensors")
    assert set(load_file(tmp_path / "a.safetensors")) == {"layers.twice.0", "layers.twice.1"}
    before = values(model)
    fill(model, seed=3).load_weights(tmp_path / "a.safetensors")
    assert_equal_values(values(model), before)


def test_layers_that_store_their_state_themselves(tmp_path):
    class Own(deepkit.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight((2,), name="scale")

        def call(self, x):
            return x * self.scale

        def save_own_variables(self, store):
            store["doubled"] = np.asarray(self.scale) * 2

        def load_own_variables(self, store):
            self.scale.assign(store["doubled"] / 2)

    model = fill(deepkit.Sequential([deepkit.Input((2,)), Own()]))
    before = values(model)
    model.save_weights(tmp_path / "a.safetensors")
    assert set(load_file(tmp_path / "a.safetensors")) == {"layers.own.doubled"}
    fill(model, seed=3).load_weights(tmp_path / "a.safetensors")
    assert_equal_values(values(model), before)
    Own.save_own_variables = lambda self, store: store.update({"a.b": np.ones(2)})
    with pytest.raises(SerializationError, match="Expected keys without dots"):
        model.save_weights(tmp_path / "a.safetensors")


def test_optimizer_and_seeds_stay_out_and_as_they_are(tmp_path):
    model = fill(KINDS["chained"](deepkit))
    model.compile(optimizer="adam", loss="mse")
    model.fit(INPUTS, TARGETS, verbose=0)
    model.save_weights(tmp_path / "a.safetensors")
    state = [np.asarray(v) for v in model.optimizer.variables]
    assert len(load_file(tmp_path / "a.safetensors")) == len(model.weights)
    model.load_weights(tmp_path / "a.safetensors")
    assert_equal_values([np.asarray(v) for v in model.optimizer.variables], state)


class Tied(deepkit.layers.Layer):
    def __init__(self, other=None, **kwargs):
        super().__init__(**kwargs)
        self.other = [other]

    def build(self, shape):
        self.kernel = self.other[0].kernel if self.other[0] else self.add_weight((4, 4), name="k")

    def call(self, x):
        return x @ self.kernel

    def save_own_variables(self, store):
        store["kernel"] = self.kernel

    def load_own_variables(self, store):
        self.kernel.assign(store["kernel"])


def test_shared_variables_are_stored_once_and_noted(tmp_path):
    first = Tied()
    model = fill(deepkit.Sequential([deepkit.Input((4,)), first, Tied(first)]))
    model.save_weights(tmp_path / "a.safetensors")
    assert set(load_file(tmp_path / "a.safetensors")) == {"layers.tied.kernel"}
    report = inspect_file(tmp_path / "a.safetensors")
    assert [(a.path, a.same_as) for a in report.arrays] == [
        ("layers.tied.kernel", None),
        ("layers.tied_1.kernel", "layers.tied.kernel"),
    ]
    assert report.total_bytes == 64
    before = values(model)
    fill(model, seed=5).load_weights(tmp_path / "a.safetensors")
    assert_equal_values(values(model), before)


def test_large_arrays_are_verified_in_parts(tmp_path):
    path = tmp_path / "a.safetensors"
    model = _dense(units=200_000)  # 3.2 MB
    model.save_weights(path)
    assert inspect_file(path).manifest == "verified"
    content = bytearray(path.read_bytes())
    content[-1_500_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match="the numbers at 'layers.dense.kernel' are not"):
        inspect_file(path)


DTYPES = [
    *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float16", "float32", "float64", "complex64"),
    *(ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2),
]


def test_every_dtype_and_shape_keeps_its_bits(tmp_path):
    bits = np.random.default_rng(0)
    arrays = {}
    for dtype in map(np.dtype, DTYPES):
        for shape in ((), (0, 3), (2, 3)):
            raw = bits.integers(0, 2, (*shape, dtype.itemsize), dtype="uint8")
            arrays[f"{dtype.name}.{len(shape)}.{shape[:1]}"] = raw.view(dtype)[..., 0].copy()
    write_content(WeightsContent(None, arrays), tmp_path / "a.safetensors")
    with safe_open(tmp_path / "a.safetensors", framework="numpy") as file:
        for key, array in arrays.items():
            if not array.dtype.name.startswith("float8"):
                assert file.get_tensor(key).tobytes() == array.tobytes(), key
    with SafetensorsReader(tmp_path / "a.safetensors", "a") as reader:
        assert set(reader.datasets) == set(arrays)
        for key, array in arrays.items():
            found = reader.read(reader.datasets[key])
            assert (found.dtype, found.shape) == (array.dtype, array.shape), key
            assert found.tobytes() == array.tobytes(), key


def test_dtypes_are_cast_to_those_of_the_model(tmp_path):
    _dense().save_weights(tmp_path / "a.safetensors")
    half = _dense(dtype="bfloat16")
    assert half.layers[0].kernel.dtype == "bfloat16"
    half.load_weights(tmp_path / "a.safetensors")
    expected = jnp.asarray(_dense().layers[0].kernel).astype("bfloat16")
    np.testing.assert_array_equal(np.asarray(half.layers[0].kernel), np.asarray(expected))
    half.save_weights(tmp_path / "b.safetensors")
    kernel = load_file(tmp_path / "b.safetensors")["layers.dense.kernel"]
    assert kernel.dtype == ml_dtypes.bfloat16
    save_file({"k": np.float32([1e30])}, tmp_path / "c.safetensors")
    with (
        SafetensorsReader(tmp_path / "c.safetensors", "c") as reader,
        pytest.raises(CorruptFileError, match="too large for float16"),
    ):
        reader.read(reader.datasets["k"], "float16")


def test_a_dtype_that_the_format_lacks(tmp_path):
    class Wide(deepkit.layers.Identity):
        def save_own_variables(self, store):
            store["w"] = np.ones(2, "complex128")

    model = deepkit.Sequential([deepkit.Input((2,)), Wide()])
    with pytest.raises(
        SerializationError, match=r"cannot hold 'layers.wide.w' of dtype complex128"
    ):
        model.save_weights(tmp_path / "a.safetensors")
    assert os.listdir(tmp_path) == []


def test_files_of_the_library_itself_load(tmp_path):
    kernel = np.arange(12, dtype="float32").reshape(4, 3)
    arrays = {"layers.dense.kernel": kernel, "layers.dense.bias": np.ones(3, "float16")}
    save_file(arrays, tmp_path / "a.safetensors")
    model = _dense()
    model.load_weights(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(model.layers[0].kernel, kernel)
    assert inspect_file(tmp_path / "a.safetensors").manifest == "none"


def test_whole_models_take_another_ending(tmp_path):
    with pytest.raises(ArgumentError, match="whose ending is that of files with weights alone"):
        _dense().save(tmp_path / "a.safetensors")


# Strict


def test_what_does_not_fit_is_listed_on_both_sides(tmp_path):
    arrays = {"layers.dense.kernel": np.ones((4, 2), "float32"), "w.x": np.ones(1, "float32")}
    save_file(arrays, tmp_path / "a.safetensors")
    model = _dense()
    before = values(model)
    with pytest.raises(WeightMismatchError) as caught:
        model.load_weights(tmp_path / "a.safetensors")
    text = str(caught.value)
    assert "'layers.dense.kernel' has shape (4, 2) in the file" in text
    assert "missing in the file" in text and "bias" in text
    assert "'w.x' (1,)" in text and "load_weights_from" in text
    assert_equal_values(values(model), before)
    with pytest.warns(UserWarning, match="was not loaded"):
        model.load_weights(tmp_path / "a.safetensors", skip_mismatch=True)


def test_layers_in_another_order_are_not_swapped(tmp_path):
    def pair(*names):
        layers = [deepkit.layers.Dense(4, name=name) for name in names]
        return fill(deepkit.Sequential([deepkit.Input((4,)), *layers]))

    pair("left", "right").save_weights(tmp_path / "a.safetensors")
    with pytest.raises(WeightMismatchError, match="is 'left' in the file and 'right' in the model"):
        pair("right", "left").load_weights(tmp_path / "a.safetensors")


# Damage and malice


def _raw(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def _entry(start, stop, shape=None, dtype="F32"):
    shape = [(stop - start) // 4] if shape is None else shape
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


TWICE = b'{"a":%s,"a":%s}' % ((json.dumps(_entry(0, 8)).encode(),) * 2)

BAD = {
    "overlap": ({"a": _entry(0, 8), "b": _entry(4, 12)}, 12, "'b' overlaps the one before it"),
    "gap": ({"a": _entry(0, 8), "b": _entry(12, 20)}, 20, "'b' comes after a gap"),
    "too much": ({"a": _entry(0, 8)}, 12, "speaks of"),
    "too little": ({"a": _entry(0, 8)}, 4, "truncated or damaged"),
    "shape": ({"a": _entry(0, 8, [3])}, 8, "takes 12 bytes and has 8"),
    "huge": ({"a": _entry(0, 8, [2**62, 2**62])}, 8, "takes 85,"),
    "backwards": ({"a": _entry(8, 0, [0])}, 8, "takes 0 bytes and has -8"),
    "negative": ({"a": _entry(0, 8, [-2])}, 8, "not whole numbers"),
    "fraction": ({"a": _entry(0, 8, [2.0])}, 8, "not whole numbers"),
    "truth": ({"a": _entry(0, 4, [True])}, 4, "not whole numbers"),
    "axes": ({"a": _entry(0, 4, [1] * 40)}, 4, "has 40 axes, more than 32"),
    "dtype": ({"a": _entry(0, 8, [2], "F4")}, 8, "has the dtype 'F4'"),
    "no text": ({"a": _entry(0, 8, [2], ["F32"])}, 8, "has the dtype"),
    "field": ({"a": {**_entry(0, 8), "code": "x"}}, 8, "or more than these"),
    "entry": ({"a": 3}, 8, "has no dtype, shape and offsets"),
    "metadata": ({"__metadata__": {"a": 3}}, 0, "metadata of .* are not texts"),
    "twice": (TWICE, 8, "appears twice"),
    "list": ([], 0, "lists no arrays"),
    "deep": (b"[" * 5000, 0, "nested brackets"),
    "letters": (b"\xff\xfe", 0, "cannot be read"),
}


@pytest.mark.parametrize("case", BAD)
def test_headers_that_lie_are_refused(case, tmp_path):
    header, count, message = BAD[case]
    path = _raw(tmp_path / "a.safetensors", header, bytes(count))
    for read in (_dense().load_weights, inspect_file):
        with pytest.raises(CorruptFileError, match=message):
            read(path)


def test_files_that_are_none_have_messages_of_their_own(tmp_path):
    path = tmp_path / "a.safetensors"
    for content, message in (
        (b"", "is empty"),
        (b"PK\x03\x04" * 10, "or no safetensors file"),
        ((10**18).to_bytes(8, "little"), "is truncated"),
    ):
        path.write_bytes(content)
        with pytest.raises(CorruptFileError, match=message):
            inspect_file(path)


def test_headers_have_limits(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    _dense().save_weights(path)
    monkeypatch.setattr(_safetensors_header, "MAX_ARRAYS", 1)
    with pytest.raises(UnsafeFileError, match="lists 2 arrays, more than 1"):
        inspect_file(path)
    monkeypatch.setattr(_safetensors_header, "MAX_BYTES", 100)
    with pytest.raises(UnsafeFileError, match="its header has .* more than 100"):
        inspect_file(path)


def test_every_flipped_byte_is_seen_or_harmless(tmp_path):
    path = tmp_path / "a.safetensors"
    model = _dense()
    model.save_weights(path)
    content = path.read_bytes()
    before = values(model)
    refused = (CorruptFileError, UnsafeFileError, WeightMismatchError)
    caught = 0
    for place in range(0, len(content), 9):
        changed = bytearray(content)
        changed[place] ^= 0x15
        path.write_bytes(changed)
        try:
            fill(model, seed=9).load_weights(path)
        except refused:
            caught += 1
        else:
            assert_equal_values(values(model), before)
    assert caught > 50


def test_a_manifest_that_is_none(tmp_path):
    for text in ("", "xyz", "0" * 8 + "{}", "-0000001{}"):
        save_file({"a": np.ones(2)}, tmp_path / "a.safetensors", {"deepkit_manifest": text})
        with pytest.raises(CorruptFileError, match="its manifest has been changed"):
            inspect_file(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", ["deepkit_names", "deepkit_paths"])
@pytest.mark.parametrize("text", ["[]", '{"a": 3}'])
def test_lists_of_names_that_are_none(name, text, tmp_path):
    save_file({"a": np.ones(2)}, tmp_path / "a.safetensors", {name: text})
    with pytest.raises(CorruptFileError, match=f"'{name}' in .* is damaged"):
        _dense().load_weights(tmp_path / "a.safetensors")


def test_a_file_that_shrinks_while_it_is_read(tmp_path):
    path = tmp_path / "a.safetensors"
    _dense(units=10_000).save_weights(path)
    with SafetensorsReader(path, "a") as reader:
        os.truncate(path, path.stat().st_size - 20_000)
        with pytest.raises(CorruptFileError, match="was cut while it was being read"):
            reader.verify()


def test_others_may_read_the_file_and_equal_models_give_equal_files(tmp_path):
    model = _dense()
    umask = os.umask(0o022)
    try:
        for name in ("a", "b"):
            model.save_weights(tmp_path / f"{name}.safetensors")
    finally:
        os.umask(umask)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == 0o644
    assert sorted(os.listdir(tmp_path)) == ["a.safetensors", "b.safetensors"]
    content = (tmp_path / "a.safetensors").read_bytes()
    assert content == (tmp_path / "b.safetensors").read_bytes()
    assert int.from_bytes(content[:8], "little") % 8 == 0


def test_the_old_file_stays_if_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    _dense().save_weights(path)
    content = path.read_bytes()

    def fail(stream, arrays, metadata):
        stream.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(_safetensors, "write_arrays", fail)
    with pytest.raises(OSError, match="No space left"):
        _dense().save_weights(path)
    assert path.read_bytes() == content and os.listdir(tmp_path) == ["a.safetensors"]
