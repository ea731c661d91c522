"""Safetensors files that lie, are damaged, or do not fit, on every way that reads them."""

import contextlib
import os

import numpy as np
import pytest

import deepkit
from deepkit.errors import CorruptFileError, UnsafeFileError, WeightMismatchError
from deepkit.saving._formats._safetensors_header import read_header
from tests.saving.models import assert_equal_values, fill, values
from tests.saving.safety.entries import (
    REFUSALS,
    SAFETENSORS_ENTRIES,
    every_safetensors_entry,
    small_model,
)
from tests.saving.safety.headers import entry as array
from tests.saving.safety.headers import raw
from tests.saving.safety.rows import row
from tests.saving.safety.watch import WATCH

GOOD = {"layers.dense.kernel": array([4, 2], 0, 32), "layers.dense.bias": array([2], 32, 40)}


@pytest.fixture(scope="module", autouse=True)
def _entered_before(tmp_path_factory):
    """What these ways need is imported before it is watched."""
    folder = tmp_path_factory.mktemp("warm")
    for entry in SAFETENSORS_ENTRIES:
        model, path = small_model(), folder / "a.safetensors"
        model.save_weights(path)
        entry.run(model, path)


def _refused(way, model, path, kinds=REFUSALS):
    """The refusal; the model is as it was, and no other file was opened or made."""
    before, files = values(model), set(os.listdir(path.parent))
    refusal = way.refuse(model, path)
    assert isinstance(refusal, kinds)
    assert_equal_values(values(model), before)
    assert set(os.listdir(path.parent)) == files
    assert not WATCH.code() and not WATCH.named("passwd")
    return str(refusal)


def _changed(**arrays):
    return {**GOOD, **{f"layers.dense.{name}": value for name, value in arrays.items()}}


LIES = {
    "overlap": (_changed(bias=array([2], 28, 36)), 36, "overlaps the one before it"),
    "the same": (_changed(bias=array([4, 2], 0, 32)), 32, "overlaps the one before it"),
    "gap": (_changed(bias=array([2], 36, 44)), 44, "comes after a gap"),
    "beyond": (_changed(bias=array([2], 32, 40)), 36, "header speaks of"),
    "more": (GOOD, 44, "truncated or damaged"),
    "shape": (_changed(bias=array([3], 32, 40)), 40, "takes 12 bytes and has 8"),
    "backwards": (_changed(bias=array([0], 40, 32)), 40, "takes 0 bytes and has -8"),
    "text": (_changed(bias=array([2], 32, 40, "STR")), 40, "has the dtype 'STR'"),
    "code": (_changed(bias={**array([2], 32, 40), "reduce": "os.system"}), 40, "more than these"),
    "nan": (b'{"a":NaN}', 0, "holds NaN"),
    "twice": (b'{"a":1,"a":1}', 0, "appears twice"),
    "pickle": (b"\x80\x04cos\nsystem\n(S'true'\ntR.", 0, "cannot be read"),
    "nested": (b"[" * 200_000, 0, "nested brackets"),
}


@every_safetensors_entry
@pytest.mark.parametrize("case", LIES)
@row("S13", "S18", "S19")
def test_headers_that_lie(case, entry, small, tmp_path):
    header, size, words = LIES[case]
    path = raw(tmp_path / "a.safetensors", header, bytes(size))
    assert words in _refused(entry, small, path, (CorruptFileError, UnsafeFileError))


LEADING_ELSEWHERE = ["../x", "/etc/passwd", "..", "", "a/../../b", "a\x00b", "x" * 10_000, "C:\\x"]


@every_safetensors_entry
@pytest.mark.parametrize("name", LEADING_ELSEWHERE, ids=lambda name: ascii(name)[:12])
@row("S12", "S21")
def test_keys_that_are_paths_lead_nowhere(name, entry, small, tmp_path):
    """Looked up among the model's, they are left over; describing them opens nothing."""
    path = raw(tmp_path / "a.safetensors", {**GOOD, name: array([0], 40, 40)}, bytes(40))
    before = values(small)
    with WATCH():
        try:
            entry.run(small, path)
        except deepkit.errors.DeepkitError as error:
            assert len(str(error)) < 3_000
            refused = True
        else:
            refused = False
    assert refused or entry.name.startswith(("inspect", "convert"))
    assert_equal_values(values(small), before)
    assert not WATCH.named("passwd") and not WATCH.code()
    assert set(os.listdir(tmp_path)) <= {"a.safetensors", "made.weights.h5"}


@every_safetensors_entry
@pytest.mark.parametrize("name", ["deepkit_names", "deepkit_paths"])
@row("S12")
def test_noted_paths_that_lead_elsewhere(name, entry, small, tmp_path):
    note = '{"dense.kernel": "../../etc/passwd", "layers/dense/vars": "/etc/passwd"}'
    header = {**GOOD, "__metadata__": {name: note}}
    path = raw(tmp_path / "a.safetensors", header, bytes(40))
    with WATCH(), contextlib.suppress(deepkit.errors.DeepkitError):
        entry.run(small, path)
    assert not WATCH.named("passwd")
    assert set(os.listdir(tmp_path)) <= {"a.safetensors", "made.weights.h5"}


@every_safetensors_entry
@row("A06", "S24")
def test_damaged_files(entry, small, tmp_path):
    """Empty, cut at any place, of another format, or with a byte that changed."""
    path = tmp_path / "a.safetensors"
    small.save_weights(path)
    data = path.read_bytes()
    for content in (b"", *(data[:size] for size in range(0, len(data), 97)), b"PK\x03\x04" * 99):
        path.write_bytes(content)
        _refused(entry, small, path, CorruptFileError)
    path.write_bytes(data)
    expected = values(small)
    generator = np.random.default_rng(0)
    with path.open("rb") as stream:
        infos, _ = read_header(stream, "a")
    begin = min(info.start for info in infos.values())
    for place in generator.integers(begin, len(data), size=10):
        flipped = bytearray(data)
        flipped[place] ^= 1 << generator.integers(8)
        path.write_bytes(flipped)
        assert "not those" in _refused(entry, fill(small, seed=3), path, CorruptFileError)
    path.write_bytes(data)
    small.load_weights(path)
    assert_equal_values(values(small), expected)


# Weights that do not fit


def _pair(*names, units=4):
    layers = [deepkit.layers.Dense(units, name=name) for name in names]
    return fill(deepkit.Sequential([deepkit.Input((4,)), *layers]))


every_loader = pytest.mark.parametrize("way", ["load_weights", "load_weights_from"])


def _mismatch(way, model, path):
    before = values(model)
    with pytest.raises(WeightMismatchError) as error:
        getattr(model, way)(path)
    assert_equal_values(values(model), before)
    return str(error.value)


@every_loader
@row("W01")
def test_other_numbers_of_layers(way, tmp_path):
    path = tmp_path / "a.safetensors"
    _pair("a", "b", "c").save_weights(path)
    assert "layers.dense_2.kernel" in _mismatch(way, _pair("a", "b"), path)
    _pair("a", "b").save_weights(path)
    assert "c/kernel" in _mismatch(way, _pair("a", "b", "c"), path)


@every_loader
@row("W02")
def test_another_shape_or_kind(way, tmp_path):
    path = tmp_path / "a.safetensors"
    _pair("a").save_weights(path)
    message = _mismatch(way, _pair("a", units=3), path)
    assert "(4, 4)" in message and "(4, 3)" in message and "kernel" in message
    header = {"layers.dense.kernel": array([4, 4], 0, 64, "I32")}
    header["layers.dense.bias"] = array([4], 64, 80)
    assert "int32" in _mismatch(way, _pair("a"), raw(path, header, bytes(80)))


@every_loader
@row("W03")
def test_layers_are_never_swapped(way, tmp_path):
    path = tmp_path / "a.safetensors"
    source, model = _pair("left", "right"), fill(_pair("right", "left"), seed=5)
    source.save_weights(path)
    before = values(model)
    try:
        getattr(model, way)(path)
    except WeightMismatchError as error:
        assert "left" in str(error) and "right" in str(error)
        assert_equal_values(values(model), before)
    else:
        assert_equal_values(values(model), [*values(source)[2:], *values(source)[:2]])


@row("W03")
def test_layers_that_the_caller_renames_may_change_places(tmp_path):
    path = tmp_path / "a.safetensors"
    source, model = _pair("left", "right"), _pair("right", "left")
    source.save_weights(path)
    with pytest.raises(WeightMismatchError, match="that of 'left', which is 'layers.dense_1'"):
        model.load_weights_from(path)
    keys = {"layers.dense": "layers.dense_1", "layers.dense_1": "layers.dense"}
    model.load_weights_from(path, rename=keys)
    assert_equal_values(values(model), [*values(source)[2:], *values(source)[:2]])


def test_the_files_of_this_page_would_load(tmp_path):
    """What the tests above change is refused for that change alone."""
    model = small_model()
    model.load_weights(raw(tmp_path / "a.safetensors", GOOD, bytes(40)))
    assert_equal_values(values(model), [np.zeros((4, 2), "float32"), np.zeros(2, "float32")])
