"""Weights in several files with an index: here and in Keras, and what is refused."""

import json
import os
import re
import shutil
import time

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import ArgumentError, CorruptFileError, UnsafeFileError, WeightMismatchError
from deepkit.saving._formats import _shard_index, _sharded_reader, _shards
from tests.oracle import keras, oracle
from tests.saving import ways
from tests.saving.models import KINDS, assert_equal_values, fill, values

INDEX = "model.weights.json"


def twins(kind):
    """The same model here and in Keras; no array has more than 100 bytes."""
    ours = fill(KINDS[kind](deepkit))
    with oracle():
        theirs = fill(KINDS[kind](keras))
    for model in (ours, theirs):
        model.compile("adam", "mean_squared_error")
        model.optimizer.build(model.trainable_variables)
        for index, variable in enumerate(model.optimizer.variables):
            variable.assign(np.full(tuple(variable.shape), index, "float32"))
    return ours, theirs


def clear(model):
    for variable in [*model.weights, *model.optimizer.variables]:
        variable.assign(np.zeros(tuple(variable.shape), variable.dtype))


def save(model, path, size):
    model.save_weights(str(path), max_shard_size=size / 2**30)


def shards_in(folder):
    pattern = re.compile(r"\w+?_[0-9a-f]{16}_\d{5}.weights.h5")
    return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))


def bytes_of_arrays(path):
    found = []
    with h5py.File(path) as file:
        file.visititems(lambda _, item: found.append(getattr(item, "nbytes", 0)))
        return sum(found) - file["deepkit_manifest"].nbytes


@pytest.mark.parametrize("size", [150, 500, 100_000])
@pytest.mark.parametrize("kind", KINDS)
def test_shards_go_both_ways(kind, size, tmp_path):
    ours, theirs = twins(kind)
    expected = values(ours), [np.asarray(v) for v in ours.optimizer.variables]
    save(ours, tmp_path / "ours.weights.json", size)
    assert len(shards_in(tmp_path)) > 1 or size > 150
    for path in shards_in(tmp_path):
        assert bytes_of_arrays(path) <= size
    clear(ours)
    ours.load_weights(tmp_path / "ours.weights.json")
    assert_equal_values(values(ours), expected[0])
    assert_equal_values(ours.optimizer.variables, expected[1])
    with oracle():
        clear(theirs)
        theirs.load_weights(str(tmp_path / "ours.weights.json"))
        assert_equal_values(values(theirs), expected[0])
        assert_equal_values(theirs.optimizer.variables, expected[1])
        save(theirs, tmp_path / "theirs.weights.json", size)
    clear(ours)
    ours.load_weights(tmp_path / "theirs.weights.json")
    assert_equal_values(values(ours), expected[0])
    assert_equal_values(ours.optimizer.variables, expected[1])


def test_a_shared_variable_is_stored_once(tmp_path):
    class Tied(deepkit.layers.Layer):
        def __init__(self, kernel=None, **kwargs):
            super().__init__(**kwargs)
            self.kernel = kernel
            self.own = self.add_weight(shape=(5,), name="own")

        def call(self, x):
            return x @ self.kernel + self.own

    source = deepkit.layers.Dense(5, use_bias=False)
    source.build((None, 5))
    middle = deepkit.layers.Dense(5)
    model = fill(deepkit.Sequential([deepkit.Input((5,)), source, middle, Tied(source.kernel)]))
    save(model, tmp_path / INDEX, 100)
    groups = json.loads((tmp_path / INDEX).read_text())["weight_map"]
    assert len(groups["/layers/tied/vars"]) == 2
    assert groups["/layers/tied/vars"][0] == groups["/layers/dense/vars"]
    with h5py.File(tmp_path / groups["/layers/dense/vars"]) as file:
        assert file["layers/dense/vars/0"] == file["layers/tied/vars/0"]
    expected = values(model)
    fill(model, 5)
    model.load_weights(tmp_path / INDEX)
    assert_equal_values(values(model), expected)


def test_a_new_index_takes_the_shards_of_the_old_one_away(tmp_path):
    model = ways.make(1)
    path = ways.save(model, tmp_path / INDEX)
    first = shards_in(tmp_path)
    ways.save(ways.make(2), path)
    second = shards_in(tmp_path)
    assert len(first) == len(second) > 1 and not set(first) & set(second)
    assert ways.state(ways.load(path)) == ways.state(ways.make(2))


def test_shards_of_keras_are_taken_away_and_files_of_others_stay(tmp_path):
    ours, theirs = twins("chained")
    others = ["model_00099.weights.h5", "model_x_00001.weights.h5", "other_00001.weights.h5"]
    for name in others:
        (tmp_path / name).write_bytes(b"of somebody else")
    with oracle():
        save(theirs, tmp_path / INDEX, 150)
    assert (tmp_path / "model_00001.weights.h5").exists()
    save(ours, tmp_path / INDEX, 100_000)
    names = {path.name for path in tmp_path.iterdir()} - {p.name for p in shards_in(tmp_path)}
    assert names == {INDEX, "model_00000.weights.h5", *others}
    # What Keras opens first has nothing in it now.
    assert (tmp_path / "model_00000.weights.h5").stat().st_size < 3000


def test_shards_of_a_killed_saver_are_removed(tmp_path):
    path = ways.save(ways.make(1), tmp_path / INDEX)
    dead = tmp_path / "model_0123456789abcdef_00000.weights.h5"
    dead.write_bytes(b"half")
    at_work = tmp_path / "model_fedcba9876543210_00000.weights.h5"
    at_work.write_bytes(b"half")
    temporary = tmp_path / f".{INDEX}.fedcba9876543210.tmp"
    temporary.write_bytes(b"")
    ways.save(ways.make(2), path)
    assert not dead.exists() and at_work.exists() and temporary.exists()
    os.utime(temporary, (time.time() - 3600,) * 2)
    ways.save(ways.make(2), path)
    ways.save(ways.make(2), path)
    assert not at_work.exists() and not temporary.exists()


def test_a_reader_takes_the_new_index_if_its_shards_are_gone(tmp_path, monkeypatch):
    path = ways.save(ways.make(1), tmp_path / INDEX)
    read = _shards.ShardIndex.read
    calls = []

    def read_and_replace(*args):
        index = read(*args)
        calls.append(index)
        if len(calls) == 1:
            monkeypatch.setattr(_shards.ShardIndex, "read", read)
            ways.save(ways.make(2), path)
        return index

    monkeypatch.setattr(_shards.ShardIndex, "read", read_and_replace)
    assert ways.state(ways.load(path)) == ways.state(ways.make(2))


def test_few_shards_are_open_at_a_time(tmp_path, monkeypatch):
    ours, _ = twins("nested")
    save(ours, tmp_path / INDEX, 100)
    assert len(shards_in(tmp_path)) > 3
    monkeypatch.setattr(_sharded_reader, "_MOST_OPEN", 1)
    expected = values(ours)
    clear(ours)
    ours.load_weights(tmp_path / INDEX)
    assert_equal_values(values(ours), expected)


# Arguments


@pytest.mark.parametrize("size", [0, -1, True, "1", float("inf"), float("nan")])
def test_sizes_that_are_none(size, tmp_path):
    with pytest.raises(ArgumentError, match="`max_shard_size` to be a positive number of GB"):
        ways.make(1, 2).save_weights(tmp_path / INDEX, max_shard_size=size)


def test_an_index_needs_a_size(tmp_path):
    with pytest.raises(ArgumentError, match=r"ends in `.weights.h5` .* Pass `max_shard_size`, too"):
        ways.make(1, 2).save_weights(tmp_path / INDEX)


def test_the_path_of_a_single_file_becomes_that_of_an_index(tmp_path):
    model = ways.make(1, 2)
    with pytest.warns(UserWarning, match=r"model.weights.json' is written instead of"):
        model.save_weights(tmp_path / "model.weights.h5", max_shard_size=1)
    model.load_weights(tmp_path / INDEX)
    with pytest.raises(ArgumentError, match="exists. Pass `overwrite=True`"):
        model.save_weights(tmp_path / INDEX, max_shard_size=1, overwrite=False)


def test_an_array_larger_than_a_shard(tmp_path):
    with pytest.raises(ArgumentError, match=r"where 'layers/dense/vars/0' has .* Pass a larger"):
        save(ways.make(1), tmp_path / INDEX, 1000)
    assert list(tmp_path.iterdir()) == []


def test_too_many_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(_shards, "MAX_SHARDS", 1)
    with pytest.raises(ArgumentError, match="at most 1 files, received .* which makes"):
        ways.save(ways.make(1), tmp_path / INDEX)


def test_weights_that_do_not_fit(tmp_path):
    path = ways.save(ways.make(1), tmp_path / INDEX)
    other = ways.make(2, width=100)
    before = ways.state(other)
    with pytest.raises(WeightMismatchError, match=r"has shape \(300, 200\) in the file"):
        other.load_weights(path)
    assert ways.state(other) == before


# Damage


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    model = ways.make(1)
    ways.save(model, folder / INDEX)
    return folder, model


@pytest.fixture
def copied(made, tmp_path):
    """A folder with shards, which may be changed, and a model for them."""
    folder = tmp_path / "copy"
    shutil.copytree(made[0], folder)
    return folder


def refused(folder, error, words):
    model = ways.make(3)
    before = ways.state(model)
    with pytest.raises(error, match=words):
        model.load_weights(folder / INDEX)
    assert ways.state(model) == before


def test_a_shard_that_is_missing(copied):
    shards_in(copied)[1].unlink()
    refused(copied, CorruptFileError, r"its shard 'model_\w+_00001.weights.h5' is not there")


def test_shards_that_changed_places(copied):
    first, second, *_ = shards_in(copied)
    os.rename(first, copied / "x")
    os.rename(second, first)
    os.rename(copied / "x", second)
    refused(copied, CorruptFileError, "is not the one that was written with it, but older")


def test_an_old_shard(copied, tmp_path):
    """The same model, saved with other numbers."""
    ways.save(ways.make(2), tmp_path / INDEX)
    os.replace(shards_in(tmp_path)[0], shards_in(copied)[0])
    refused(copied, CorruptFileError, "is not the one that was written with it, but older")


def test_a_shard_with_a_flipped_byte(copied):
    path = shards_in(copied)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    refused(copied, CorruptFileError, "the numbers at 'layers/dense/vars/0' are not those")


def changed(folder, change):
    path = folder / INDEX
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def first_group(content):
    return next(iter(content["weight_map"]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.pop("weight_map"), "it has no 'weight_map'"),
        (lambda c: c["weight_map"].popitem(), "the index has been changed"),
        (lambda c: c.pop("metadata"), "the index has been changed"),
        (lambda c: c["deepkit_manifest"].pop("crc32"), "the index has been changed"),
        (lambda c: c["deepkit_manifest"].update(shards=3), "the index has been changed"),
        (lambda c: c.update(deepkit_manifest=[]), "description of .* is damaged"),
        (
            lambda c: c["deepkit_manifest"].update(deepkit_format=99),
            "written by deepkit .* in file format 99",
        ),
        (lambda c: c["weight_map"].update({first_group(c): []}), "names no files for a group"),
        (lambda c: c["weight_map"].update({first_group(c): [3]}), "names no files for a group"),
        (
            lambda c: c["weight_map"].update({first_group(c): ["a.weights.h5"] * 2}),
            "names a shard twice for one group",
        ),
    ],
    ids=[
        "no-map",
        "no-group",
        "no-size",
        "no-sum",
        "numbers",
        "list",
        "newer",
        "none",
        "number",
        "twice",
    ],
)
def test_an_index_that_changed(change, words, copied):
    changed(copied, change)
    refused(copied, CorruptFileError, words)


def test_an_index_whose_manifest_is_forged(copied):
    def forge(content):
        manifest = content["deepkit_manifest"]
        manifest["shards"] = {name: {"size": 1} for name in manifest["shards"]}
        manifest["crc32"] = _shard_index._checksum(content, manifest["shards"])

    changed(copied, forge)
    refused(copied, CorruptFileError, "does not say what its shards are")


@pytest.mark.parametrize(
    "name",
    [
        "../secret.weights.h5",
        "/etc/secret.weights.h5",
        "C:\\secret.weights.h5",
        "a\\..\\b.weights.h5",
        "folder/a.weights.h5",
        "a\x00.weights.h5",
        ".hidden.weights.h5",
        "a.keras",
        "",
        "x" * 10_000 + ".weights.h5",
    ],
    ids=lambda name: name[:20],
)
def test_S17_names_that_lead_elsewhere(name, copied):
    changed(copied, lambda c: c["weight_map"].update({first_group(c): name}))
    refused(copied, UnsafeFileError, "expected its shards to be files beside it")


def test_S22_a_shard_that_is_a_link(copied, tmp_path):
    shard = shards_in(copied)[0]
    os.rename(shard, tmp_path / "elsewhere")
    shard.symlink_to(tmp_path / "elsewhere")
    refused(copied, UnsafeFileError, "is a link or no file")


def test_a_shard_that_is_no_file(copied):
    shard = shards_in(copied)[0]
    shard.unlink()
    os.mkfifo(shard)
    refused(copied, UnsafeFileError, "is a link or no file")


def test_limits_of_an_index(copied, monkeypatch):
    monkeypatch.setattr(_sharded_reader, "MAX_OBJECTS", 5)
    refused(copied, UnsafeFileError, "its shards have more than 5 objects")
    monkeypatch.setattr(_shard_index, "MAX_SHARDS", 1)
    refused(copied, UnsafeFileError, r"it names \d shards, and at most 1 are read")


# Shards of Keras have no manifest: what the index says must be there.


@pytest.fixture
def of_keras(tmp_path):
    ours, theirs = twins("chained")
    folder = tmp_path / "keras"
    folder.mkdir()
    with oracle():
        save(theirs, folder / INDEX, 150)
    return folder, ours


def test_shards_of_keras_that_changed_places(of_keras):
    folder, model = of_keras
    first, second = (folder / f"model_0000{number}.weights.h5" for number in (0, 1))
    os.rename(first, folder / "x")
    os.rename(second, first)
    os.rename(folder / "x", second)
    before = values(model)
    with pytest.raises(CorruptFileError, match="which does not have it"):
        model.load_weights(folder / INDEX)
    assert_equal_values(values(model), before)


def test_groups_that_the_index_does_not_know(of_keras):
    folder, model = of_keras
    with h5py.File(folder / "model_00000.weights.h5", "r+") as file:
        file["layers/more/vars/0"] = [1.0]
    with pytest.raises(CorruptFileError, match="has 'layers/more/vars', of which it does not know"):
        model.load_weights(folder / INDEX)


def test_an_array_in_two_shards(of_keras):
    folder, model = of_keras
    with h5py.File(folder / "model_00001.weights.h5", "r+") as file:
        file["layers/dense/vars/0"] = [1.0]
    with pytest.raises(CorruptFileError, match="is in the shards '.*00000.* and '.*00001"):
        model.load_weights(folder / INDEX)


def test_a_shard_that_changes_while_it_is_read(of_keras, monkeypatch):
    folder, model = of_keras
    monkeypatch.setattr(_sharded_reader, "_MOST_OPEN", 1)
    compare = _sharded_reader.ShardedReader._compare

    def change(reader):
        compare(reader)
        reader.close()
        with h5py.File(folder / "model_00000.weights.h5", "r+") as file:
            del file["layers/dense/vars/0"]
            file["layers/dense/vars/0"] = [1.0]

    monkeypatch.setattr(_sharded_reader.ShardedReader, "_compare", change)
    with pytest.raises(CorruptFileError, match="changed while it was read"):
        model.load_weights(folder / INDEX)
