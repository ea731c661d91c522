"""What safetensors files note beside their arrays: damaged, or made to lead astray."""

import json
import struct
import zlib

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import deepkit
from deepkit.errors import CorruptFileError
from deepkit.saving import convert_file, inspect_file
from tests.saving.models import assert_equal_values, fill, values
from tests.saving.safety.entries import every_safetensors_entry
from tests.saving.safety.headers import entry as array
from tests.saving.safety.headers import raw
from tests.saving.safety.rows import row
from tests.saving.test_safetensors import Tied

HALF = "\ud800"
KERNEL, BIAS = "layers.dense.kernel", "layers.dense.bias"
GOOD = {KERNEL: array([4, 2], 0, 32), BIAS: array([2], 32, 40)}
PATHS = {KERNEL: "layers/dense/vars/0", BIAS: "layers/dense/vars/1"}


def noting(path, **metadata):
    """A file of another writer with metadata of its own."""
    return raw(path, {**GOOD, "__metadata__": metadata}, bytes(40))


# Damage


def edited(path, edit):
    """A file whose header was changed, and whose arrays and manifest were not."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    edit(header["__metadata__"])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])
    return path


@every_safetensors_entry
@pytest.mark.parametrize("name", ["deepkit_names", "deepkit_paths"])
@row("S24")
def test_places_that_were_changed(name, entry, small, tmp_path):
    path = tmp_path / "a.safetensors"
    small.save_weights(path)
    before = values(small)

    def change(metadata):
        metadata[name] = metadata[name].replace("dense", "dance")

    with pytest.raises(CorruptFileError, match=f"its attribute '{name}' is not what was written"):
        entry.run(small, edited(path, change))
    with pytest.raises(CorruptFileError, match=rf"its attributes \['{name}'\] are not in it"):
        entry.run(small, edited(path, lambda metadata: metadata.pop(name)))
    assert_equal_values(values(small), before)


def test_S24_shared_variables_that_were_changed(tmp_path):
    """Another key that is there, too, would give another array."""
    first, other = Tied(), Tied()
    model = deepkit.Sequential([deepkit.Input((4,)), first, Tied(first), other])
    path = tmp_path / "a.safetensors"
    fill(model).save_weights(path)
    before = values(model)

    def change(metadata):
        assert metadata["layers.tied_1.kernel"] == "layers.tied.kernel"
        metadata["layers.tied_1.kernel"] = "layers.tied_2.kernel"

    edited(path, change)
    with pytest.raises(CorruptFileError, match=r"'layers.tied_1.kernel' is not what was written"):
        model.load_weights(path)
    assert_equal_values(values(model), before)


def test_metadata_of_others_beside_ours(tmp_path):
    """A file that another tool has written anew, with what it knew."""
    path = tmp_path / "a.safetensors"
    model = fill(deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(2)]))
    model.save_weights(path)
    with safe_open(path, framework="numpy") as file:
        metadata, arrays = file.metadata(), {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (no mapping)
    save_file(arrays, path, {**metadata, "format": "pt", "license": "none"})
    before = values(model)
    fill(model, 3).load_weights(path)
    assert_equal_values(values(model), before)


# Malice


@every_safetensors_entry
@pytest.mark.parametrize("metadata", [{"a": HALF}, {HALF: "a"}, {"deepkit_paths": HALF}], ids=ascii)
@row("S18")
def test_halves_of_characters(metadata, entry, small, tmp_path):
    before = values(small)
    with pytest.raises(CorruptFileError, match="metadata of .* are not texts by name"):
        entry.run(small, noting(tmp_path / "a.safetensors", **metadata))
    assert_equal_values(values(small), before)


@pytest.mark.parametrize("name", ["deepkit_paths", "deepkit_names"])
@row("S18")
def test_halves_of_characters_in_texts_of_texts(name, small, tmp_path):
    before = values(small)
    for note in ({"a": HALF}, {HALF: "a"}):
        metadata = {"deepkit_paths": json.dumps(PATHS), name: json.dumps({**PATHS, **note})}
        path = noting(tmp_path / "a.safetensors", **metadata)
        for read in (small.load_weights, lambda p: convert_file(p, tmp_path / "b.weights.h5")):
            with pytest.raises(CorruptFileError, match=f"'{name}' in .* it is no list of texts"):
                read(path)
    assert_equal_values(values(small), before)


@row("S18")
def test_halves_of_characters_in_keys_and_noted_texts(tmp_path):
    path = raw(tmp_path / "a.safetensors", {HALF: array([0], 0, 0)}, b"")
    with pytest.raises(CorruptFileError, match="has halves of characters in its name"):
        inspect_file(path)
    manifest = b'{"deepkit_version":"0","deepkit_format":1,"datasets":{},"texts":{"b":1}}'
    noted = f"{zlib.crc32(manifest):08x}{manifest.decode()}"
    path = noting(tmp_path / "a.safetensors", b=HALF, deepkit_manifest=noted)
    with pytest.raises(CorruptFileError, match="metadata of .* are not texts by name"):
        inspect_file(path)


CANNOT_BE = "the same, within each other, kept for the manifest, or of more than 64 levels"


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["x/vars/0", "x/vars/0"], CANNOT_BE),
        (["x/vars", "x/vars/0"], CANNOT_BE),
        (["x/vars/0", "x"], CANNOT_BE),
        (["deepkit_manifest", "x"], CANNOT_BE),
        (["deepkit_manifest/x", "x"], CANNOT_BE),
        (["x" + "/x" * 10_000, "y"], CANNOT_BE),
        (["x/../y", "y"], "notes a path that is none"),
    ],
)
@row("S12")
def test_paths_that_no_file_can_have_together(paths, words, tmp_path):
    noted = json.dumps(dict(zip(GOOD, paths)))
    path = noting(tmp_path / "a.safetensors", deepkit_paths=noted)
    with pytest.raises(CorruptFileError, match=words):
        convert_file(path, tmp_path / "b.weights.h5")
    assert not (tmp_path / "b.weights.h5").exists()


@row("S21")
def test_names_that_no_file_can_hold(tmp_path):
    names = json.dumps({"layers/dense/vars": "a\x00b"})
    path = noting(tmp_path / "a.safetensors", deepkit_paths=json.dumps(PATHS), deepkit_names=names)
    with pytest.raises(CorruptFileError, match="it notes a name that no file can hold"):
        convert_file(path, tmp_path / "b.weights.h5")


def test_paths_of_which_one_begins_as_another(tmp_path):
    """But not at a step: these can be in one file."""
    noted = json.dumps(dict(zip(GOOD, ["x/vars/1", "x/vars/10"])))
    path = noting(tmp_path / "a.safetensors", deepkit_paths=noted)
    convert_file(path, tmp_path / "b.weights.h5")
    found = {a.path: a.shape for a in inspect_file(tmp_path / "b.weights.h5").arrays}
    assert found == {"x/vars/1": (4, 2), "x/vars/10": (2,)}
    assert np.dtype("float32").itemsize * 10 == inspect_file(path).total_bytes
