"""Damaged, foreign and missing files are told apart, and never load as if they were whole."""

import json
import os
import zipfile
import zlib

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import CorruptFileError
from deepkit.saving import MissingFileError, load_model
from tests.saving.models import FORMATS, assert_equal_values, chained, values
from tests.saving.safety.rows import row

every_format = pytest.mark.parametrize("ending", FORMATS)


@pytest.fixture(scope="module")
def model():
    model = chained(deepkit)
    model.compile("adam", loss="mse")
    model.optimizer.build(model.trainable_variables)
    return model


def save(model, path):
    (model.save_weights if str(path).endswith(".weights.h5") else model.save)(path)
    return path


def load(model, path):
    if str(path).endswith(".weights.h5"):
        model.load_weights(path)
        return model
    return load_model(path)


@every_format
@row("A06")
def test_four_faults_have_four_messages(ending, model, tmp_path):
    path = save(model, tmp_path / f"whole{ending}")
    data = path.read_bytes()
    other = ".h5" if ending == ".keras" else ".keras"
    kinds = {
        "truncated": data[: len(data) // 2],
        "empty": b"",
        "foreign": save(model, tmp_path / f"foreign{other}").read_bytes(),
        "text": b"these are no numbers",
    }
    messages = {}
    for kind, content in kinds.items():
        faulty = tmp_path / f"{kind}{ending}"
        faulty.write_bytes(content)
        with pytest.raises(CorruptFileError) as error:
            load(model, faulty)
        messages[kind] = str(error.value)
        assert str(faulty) in messages[kind]
    with pytest.raises(MissingFileError, match="There is no file") as error:
        load(model, tmp_path / f"missing{ending}")
    assert isinstance(error.value, FileNotFoundError) and isinstance(error.value, CorruptFileError)
    assert "is truncated or damaged" in messages["truncated"]
    assert "is empty" in messages["empty"]
    assert "whatever its name says" in messages["text"]
    assert f"give it the ending `{other}`" in messages["foreign"]


@every_format
@row("S24")
def test_a_flipped_byte_is_found(ending, model, tmp_path):
    """At 40 places of the file: it loads the same, or a documented error is raised."""
    path = save(model, tmp_path / f"whole{ending}")
    data = path.read_bytes()
    expected = values(model)
    generator = np.random.default_rng(0)
    failures = 0
    for place in generator.integers(len(data), size=40):
        changed = bytearray(data)
        changed[place] ^= 1 << generator.integers(8)
        path.write_bytes(changed)
        try:
            loaded = load(model, path)
        except (deepkit.errors.DeepkitError, ValueError):
            failures += 1
        else:
            assert_equal_values(values(loaded), expected)
    assert failures > 3


def test_numbers_that_changed(model, tmp_path):
    path = save(model, tmp_path / "a.weights.h5")
    with h5py.File(path, "r+") as file:
        file["layers/dense/vars/0"][0, 0] += 1.0
    with pytest.raises(CorruptFileError, match="numbers at 'layers/dense/vars/0' are not those"):
        model.load_weights(path)


def test_a_config_that_changed(model, tmp_path):
    path = save(model, tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace("0.5", "0.6")
    with pytest.raises(CorruptFileError, match="its attribute 'model_config' is not what was"):
        load_model(path)


@pytest.mark.parametrize("name", ["model_config", "training_config", "keras_version"])
def test_texts_that_are_gone(name, model, tmp_path):
    path = save(model, tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file.attrs[name]
    with pytest.raises(CorruptFileError, match=rf"its attributes \['{name}'\] are not in it"):
        load_model(path)


@pytest.mark.parametrize("group", ["optimizer_weights", "model_weights/dense"])
def test_lists_of_names_that_are_gone(group, tmp_path):
    small = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2, name="dense")])
    small.compile("adam", loss="mse")
    small.optimizer.build(small.trainable_variables)
    path = save(small, tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file[group].attrs["weight_names"]
    with pytest.raises(CorruptFileError, match=f"'{group}' has arrays, and no list of their names"):
        load_model(path)


def test_arrays_that_are_gone(model, tmp_path):
    path = save(model, tmp_path / "a.weights.h5")
    with h5py.File(path, "r+") as file:
        del file["layers/dense"]
    with pytest.raises(CorruptFileError, match="2 of the 23 arrays .*'layers/dense/vars/0'"):
        model.load_weights(path)


def test_arrays_of_other_shapes(model, tmp_path):
    path = save(model, tmp_path / "a.weights.h5")
    with h5py.File(path, "r+") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = np.zeros((5, 4), "float32")
    with pytest.raises(CorruptFileError, match=r"with shape \(5, 3\) .* has shape \(5, 4\)"):
        model.load_weights(path)


def test_a_manifest_that_changed(model, tmp_path):
    path = save(model, tmp_path / "a.weights.h5")
    with h5py.File(path, "r+") as file:
        file["deepkit_manifest"][10] += 1
    with pytest.raises(CorruptFileError, match="its manifest has been changed"):
        model.load_weights(path)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"datasets": [], "texts": {}},
        {"datasets": {"a": {"shape": 3}}, "texts": {}},
        {"datasets": {}, "texts": {"a": None}},
    ],
    ids=str,
)
def test_a_manifest_whose_checksum_alone_is_right(content, model, tmp_path):
    path = save(model, tmp_path / "a.weights.h5")
    text = json.dumps(content).encode()
    with h5py.File(path, "r+") as file:
        del file["deepkit_manifest"]
        data = zlib.crc32(text).to_bytes(4, "little") + text
        file["deepkit_manifest"] = np.frombuffer(data, "uint8")
    with pytest.raises(CorruptFileError, match="its manifest is not as it should be"):
        model.load_weights(path)


def _archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_archives_without_their_members(tmp_path):
    path = _archive(tmp_path / "a.keras", [("other.txt", b"")])
    with pytest.raises(CorruptFileError, match=r"it has no 'config.json', only \['other.txt'\]"):
        load_model(path)


@row("S18")
def test_members_of_equal_names(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = _archive(tmp_path / "a.keras", [("config.json", b"{}"), ("config.json", b"{}")])
    with pytest.raises(CorruptFileError, match="members with different names"):
        load_model(path)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b'{"a": 1, "a": 2}', "the key 'a' appears twice"),
        (b"[" * 200_000 + b"]" * 200_000, "at most 256 nested brackets"),
        (b'{"a": ' * 300 + b"1" + b"}" * 300, "at most 256 nested brackets"),
        (b'"' + b"x" * (33 * 2**20) + b'"', "at most 33,554,432 bytes"),
        (b"{", "config.json in .* cannot be read"),
        (b"\xff\xfe{", "config.json in .* cannot be read"),
    ],
    ids=["twice", "nested", "objects", "large", "no-json", "no-text"],
)
@row("S18")
def test_configs_that_are_no_json(config, words, tmp_path):
    path = _archive(tmp_path / "a.keras", [("config.json", config)])
    with pytest.raises(CorruptFileError, match=words):
        load_model(path)


@row("S18")
def test_brackets_in_texts_do_not_count(tmp_path):
    name = "[" * 300 + '\\"{'
    config = json.dumps({"class_name": name, "config": {}}).encode()
    path = _archive(tmp_path / "a.keras", [("config.json", config)])
    with pytest.raises(deepkit.errors.SerializationError, match="Unknown class"):
        load_model(path)


def test_a_member_that_is_damaged(model, tmp_path):
    path = save(model, tmp_path / "a.keras")
    data = bytearray(path.read_bytes())
    place = data.index(b'"class_name"')
    data[place + 1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptFileError, match="'config.json' in .* is damaged"):
        load_model(path)


def test_metadata_that_is_none(model, tmp_path):
    path = _archive(tmp_path / "a.keras", [("metadata.json", b"[]")])
    with pytest.raises(CorruptFileError, match="The description of .* is damaged"):
        load_model(path)


# The older format


def test_files_without_model_or_weights(model, tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["note"] = "nothing here"
    with pytest.raises(CorruptFileError, match="has weights but no model"):
        load_model(path)
    with pytest.raises(CorruptFileError, match="has no layers in the `.h5` format"):
        model.load_weights(path)
    os.rename(save(model, tmp_path / "a.weights.h5"), path)
    with pytest.raises(CorruptFileError, match="give it the ending `.weights.h5`"):
        model.load_weights(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.attrs.__setitem__("model_config", 3), "Expected text of at most"),
        (lambda f: f.attrs.__setitem__("model_config", b"\xff"), "Expected text of at most"),
        (lambda f: f.attrs.__setitem__("model_config", ["a", "b"]), "is too large"),
        (lambda f: f.attrs.__setitem__("model_config", "[]"), "describes no model"),
        (lambda f: f.attrs.__setitem__("training_config", "[]"), "training_config .* is damaged"),
        (lambda f: f.__delitem__("model_weights/dense"), "lists layers that are not there"),
        (
            lambda f: f["model_weights/dense"].attrs.__setitem__("weight_names", [b"gone"]),
            "lists an array 'gone' in 'model_weights/dense' that is not there",
        ),
        (lambda f: f["model_weights"].attrs.__delitem__("layer_names"), "do not fit"),
    ],
    ids=["number", "bytes", "list", "no-dict", "training", "layers", "arrays", "names"],
)
def test_older_files_with_faults(change, words, tmp_path):
    small = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2, name="dense")])
    small.compile("sgd", loss="mse")
    path = save(small, tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file["deepkit_manifest"]
        change(file)
    with pytest.raises(ValueError, match=words):
        load_model(path)
