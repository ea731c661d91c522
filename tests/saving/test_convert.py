"""Files in other formats hold the same, or say what they lost."""

import json

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import deepkit
from deepkit.errors import (
    ArgumentError,
    CorruptFileError,
    SerializationError,
    UnsafeFileError,
)
from deepkit.saving import MissingFileError, convert_file, inspect_file, load_model
from deepkit.saving._conversion import _convert
from tests.saving.crafted import layer, older, sequential
from tests.saving.models import INPUTS, KINDS, TARGETS, assert_equal_values, fill, values


@pytest.fixture(scope="module")
def trained():
    model = fill(KINDS["chained"](deepkit))
    model.compile(optimizer="adam", loss="mse")
    model.fit(INPUTS, TARGETS, verbose=0)
    return model


def _save(model, path):
    alone = path.name.endswith((".weights.h5", ".safetensors"))
    (model.save_weights if alone else model.save)(path)
    return path


STATE = ["weights", "state of the optimizer", "seeds"]
MODEL = ["the model", "the arguments of compile"]
WAYS = {
    (".keras", ".h5"): [],
    (".h5", ".keras"): [],
    (".keras", ".weights.h5"): MODEL,
    (".h5", ".weights.h5"): MODEL,
    (".keras", ".safetensors"): [*MODEL, *STATE[1:]],
    (".weights.h5", ".safetensors"): STATE[1:],
}


@pytest.mark.parametrize(("source", "target"), WAYS, ids="-".join)
def test_what_is_kept_and_what_is_lost(source, target, trained, tmp_path):
    path = _save(trained, tmp_path / f"a{source}")
    report = convert_file(path, tmp_path / f"b{target}")
    lost = [line.split(":")[0] for line in report.lost]
    assert lost == WAYS[source, target] and report.notes == ()
    everything = [*MODEL, *STATE] if source in (".keras", ".h5") else STATE
    assert sorted([*lost, *(line.split(":")[0] for line in report.kept)]) == sorted(everything)
    other = fill(KINDS["chained"](deepkit), seed=3)
    other.load_weights(tmp_path / f"b{target}")
    assert_equal_values(values(other), values(trained))
    if target in (".keras", ".h5"):
        again = load_model(tmp_path / f"b{target}")
        assert_equal_values(values(again), values(trained))
        np.testing.assert_array_equal(
            np.asarray(again.optimizer.variables[0]), np.asarray(trained.optimizer.variables[0])
        )


@pytest.mark.parametrize("kind", KINDS)
def test_weights_go_to_safetensors_and_back_without_a_model(kind, tmp_path, monkeypatch):
    model = fill(KINDS[kind](deepkit))
    _save(model, tmp_path / "a.weights.h5")
    monkeypatch.setattr(_convert._api, "load_model", None)
    convert_file(tmp_path / "a.weights.h5", tmp_path / "b.safetensors")
    convert_file(tmp_path / "b.safetensors", tmp_path / "c.weights.h5")
    _save(model, tmp_path / "d.safetensors")
    convert_file(tmp_path / "d.safetensors", tmp_path / "e.weights.h5")
    for name in ("b.safetensors", "c.weights.h5", "e.weights.h5"):
        other = fill(KINDS[kind](deepkit), seed=4)
        other.load_weights(tmp_path / name)
        assert_equal_values(values(other), values(model))
    first = [a for a in inspect_file(tmp_path / "a.weights.h5").arrays if a.kind == "weights"]
    for name in ("c.weights.h5", "e.weights.h5"):
        assert list(inspect_file(tmp_path / name).arrays) == first
    found = load_file(tmp_path / "b.safetensors")
    assert "layers.dense_1.0" in found or "layers.dense_3.0" in found


def test_shared_and_named_arrays_stay_so(tmp_path):
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 2), "float32")
        file["layers/dense_1/vars/0"] = file["layers/dense/vars/0"]
        file["layers/dense/vars"].attrs["name"] = "left"
    convert_file(tmp_path / "a.weights.h5", tmp_path / "b.safetensors")
    convert_file(tmp_path / "b.safetensors", tmp_path / "c.weights.h5")
    assert list(load_file(tmp_path / "b.safetensors")) == ["layers.dense.0"]
    report = inspect_file(tmp_path / "c.weights.h5")
    assert [array.same_as for array in report.arrays] == [None, "layers/dense/vars/0"]
    with h5py.File(tmp_path / "c.weights.h5") as file:
        assert file["layers/dense/vars"].attrs["name"] == "left"


class Doubled(deepkit.layers.Layer):
    def call(self, x):
        return 2 * x


def test_custom_objects_are_given(tmp_path):
    model = fill(deepkit.Sequential([deepkit.Input((3,)), Doubled(), deepkit.layers.Dense(2)]))
    model.save(tmp_path / "a.keras")
    with pytest.raises(SerializationError, match="Unknown class 'Doubled'"):
        convert_file(tmp_path / "a.keras", tmp_path / "b.h5")
    convert_file(tmp_path / "a.keras", tmp_path / "b.h5", {"Doubled": Doubled})
    again = load_model(tmp_path / "b.h5", {"Doubled": Doubled})
    assert_equal_values(values(again), values(model))


def test_warnings_become_notes(tmp_path, trained):
    trained.compile(deepkit.optimizers.Lamb(), "mse")
    trained.fit(INPUTS, TARGETS, verbose=0)
    path = _save(trained, tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file["deepkit_manifest"]
        file.attrs["keras_version"] = "2.9.0"
    report = convert_file(path, tmp_path / "b.weights.h5")
    assert len(report.notes) == 1 and "Lamb" in report.notes[0]
    assert "note" in str(report)


# What is refused


def test_ways_that_are_none(trained, tmp_path):
    weights = _save(trained, tmp_path / "a.weights.h5")
    with pytest.raises(ArgumentError, match="Expected two formats"):
        convert_file(weights, tmp_path / "b.weights.h5")
    with pytest.raises(ArgumentError, match=r"holds weights and no model.*`\.keras` file"):
        convert_file(weights, tmp_path / "b.keras")
    with pytest.raises(ArgumentError, match="The file .* exists"):
        convert_file(_save(trained, tmp_path / "a.safetensors"), weights)
    with pytest.raises(ArgumentError, match="Expected a path that ends in"):
        convert_file(weights, tmp_path / "b.txt")
    with pytest.raises(MissingFileError, match="There is no file"):
        convert_file(tmp_path / "none.keras", tmp_path / "b.h5")


def test_files_of_other_libraries_do_not_say_where_arrays_belong(tmp_path):
    save_file({"fc.weight": np.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(ArgumentError, match=r"where \['fc.weight'\] belong .*load_weights_from"):
        convert_file(tmp_path / "a.safetensors", tmp_path / "b.weights.h5")
    assert not (tmp_path / "b.weights.h5").exists()


@pytest.mark.parametrize("path", ["../x", "/abs", "a//b", ""])
def test_paths_that_lead_elsewhere(path, tmp_path):
    notes = {"deepkit_paths": json.dumps({"a": path})}
    save_file({"a": np.ones(2)}, tmp_path / "a.safetensors", notes)
    with pytest.raises(CorruptFileError, match="notes a path that is none"):
        convert_file(tmp_path / "a.safetensors", tmp_path / "b.weights.h5")
    assert not (tmp_path / "b.weights.h5").exists()


def test_two_arrays_of_one_key(tmp_path):
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file["a/vars/0"], file["a/0"] = 1.0, 2.0
    with pytest.raises(CorruptFileError, match=r"two arrays that would both be 'a\.0'"):
        convert_file(tmp_path / "a.weights.h5", tmp_path / "b.safetensors")


def test_lambdas_and_damage_are_refused(trained, tmp_path):
    entry = layer("Lambda", function=["4wA=", None, None], function_type="lambda")
    path = older(tmp_path / "a.h5", sequential(entry))
    with pytest.raises(UnsafeFileError, match="bytecode"):
        convert_file(path, tmp_path / "b.keras")
    path = _save(trained, tmp_path / "a.weights.h5")
    content = bytearray(path.read_bytes())
    content[content.find(np.asarray(trained.layers[0].kernel).tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match="the numbers at"):
        convert_file(path, tmp_path / "b.safetensors")
    assert not (tmp_path / "b.safetensors").exists()


def test_a_model_that_does_not_come_back_is_an_error(trained, tmp_path, monkeypatch):
    path = _save(trained, tmp_path / "a.keras")
    load = _convert._api.load_model
    monkeypatch.setattr(
        _convert._api,
        "load_model",
        lambda file, *args, **options: fill(load(file, *args, **options), len(str(file))),
    )
    with pytest.raises(CorruptFileError, match="has other weights than the one that was read"):
        convert_file(path, tmp_path / "longer.h5")
