"""Models as folders: here and in Keras, replaced as a whole, and what is refused."""

import json
import os
import shutil
import time

import numpy as np
import pytest

import deepkit
from deepkit.errors import ArgumentError, CorruptFileError, UnsafeFileError
from deepkit.saving import MissingFileError, _atomic, _exchange, load_model
from deepkit.saving._formats import _folder_members
from tests.oracle import keras, oracle
from tests.saving import ways
from tests.saving.models import INPUTS, KINDS, assert_equal_values, fill, nested_class, values

OURS = {"Nested": nested_class(deepkit)}
THEIRS = {"Nested": nested_class(keras)}


def compiled(k, kind):
    model = fill(KINDS[kind](k))
    model.compile("adam", "mean_squared_error")
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_folders_go_both_ways(kind, tmp_path):
    ours = compiled(deepkit, kind)
    path = str(tmp_path / "ours")
    ours.save(path, zipped=False)
    assert sorted(os.listdir(path)) == ["config.json", "metadata.json", "model.weights.h5"]
    again = load_model(path, OURS)
    assert_equal_values(values(again), values(ours))
    assert_equal_values(again.optimizer.variables, ours.optimizer.variables)
    fill(again, 7)
    again.load_weights(path)
    assert_equal_values(values(again), values(ours))
    with oracle():
        theirs = keras.saving.load_model(path, THEIRS)
        assert_equal_values(values(theirs), values(ours))
        outputs = np.asarray(theirs(INPUTS))
        theirs.save(str(tmp_path / "theirs"), zipped=False)
    loaded = load_model(tmp_path / "theirs", OURS)
    assert_equal_values(values(loaded), values(ours))
    # Sums of a few products in float32, in another order.
    np.testing.assert_allclose(loaded(INPUTS), outputs, rtol=1e-5, atol=1e-6)


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    path = ways.save(ways.make(1), tmp_path / "folder")
    (path / "assets").mkdir()
    (path / "assets" / "old.txt").write_text("old")
    ways.save(ways.make(2), path)
    assert "assets" not in os.listdir(path) and os.listdir(tmp_path) == ["folder"]
    assert ways.state(load_model(path)) == ways.state(ways.make(2))


def test_an_empty_folder_may_be_there(tmp_path):
    (tmp_path / "folder").mkdir()
    ways.save(ways.make(1, 2), tmp_path / "folder")
    assert load_model(tmp_path / "folder").built


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.keras", "to have no ending of a file"),
        ("a.h5", "to have no ending of a file"),
        ("full", r"a model and nothing else: .* has \['diary.txt'\] in it"),
        ("file", "Expected the path of a folder, received the file"),
    ],
)
def test_paths_that_are_no_folders_for_models(name, words, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("dear diary")
    (tmp_path / "full" / "config.json").write_text("{}")
    (tmp_path / "file").write_text("text")
    with pytest.raises(ArgumentError, match=words):
        ways.make(1, 2).save(tmp_path / name, zipped=False)
    assert (tmp_path / "full" / "diary.txt").read_text() == "dear diary"


def test_a_folder_that_may_not_be_replaced(tmp_path):
    path = ways.save(ways.make(1, 2), tmp_path / "folder")
    with pytest.raises(ArgumentError, match="The folder .* exists. Pass `overwrite=True`"):
        ways.make(1, 2).save(path, zipped=False, overwrite=False)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(ArgumentError, match="which has no 'config.json'"):
        load_model(tmp_path)


# Where no system call exchanges two folders, an old one is moved away first.


@pytest.fixture
def without_exchange(monkeypatch):
    monkeypatch.setattr(_exchange, "_renameat2", None)


@pytest.mark.usefixtures("without_exchange")
def test_A01_a_saver_that_is_killed_between_the_moves_leaves_both(tmp_path, monkeypatch):
    path = ways.save(ways.make(1), tmp_path / "folder")

    class Killed(BaseException):
        pass

    def kill(*args):
        raise Killed

    rename = os.rename
    with monkeypatch.context() as patch:
        # As a kill does it: nothing is cleaned up.
        moves = []

        def second(source, target):
            moves.append(source)
            kill() if len(moves) > 1 else rename(source, target)

        patch.setattr(os, "rename", second)
        patch.setattr(_atomic, "remove", lambda path: None)
        with pytest.raises(Killed):
            ways.save(ways.make(2), path)
    former, new = sorted(tmp_path.iterdir(), key=lambda p: p.suffix)
    assert (former.suffix, new.suffix) == (".former", ".tmp")
    assert ways.state(load_model(former)) == ways.state(ways.make(1))
    assert ways.state(load_model(new)) == ways.state(ways.make(2))
    with pytest.raises(MissingFileError, match=rf"A save was cut off: rename '.*{former.name}'"):
        load_model(path)
    os.utime(new, (time.time() - 3600,) * 2)
    ways.save(ways.make(3), path)
    assert ways.state(load_model(path)) == ways.state(ways.make(3))
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.usefixtures("without_exchange")
def test_another_saver_comes_between_the_moves(tmp_path, monkeypatch):
    path = ways.save(ways.make(1), tmp_path / "folder")
    rename = os.rename
    moves = []

    def race(source, target):
        rename(source, target)
        moves.append(str(source))
        if len(moves) == 1:
            shutil.copytree(target, path)

    monkeypatch.setattr(os, "rename", race)
    ways.save(ways.make(2), path)
    assert ways.state(load_model(path)) == ways.state(ways.make(2))
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.usefixtures("without_exchange")
def test_others_that_replace_a_folder_all_the_time(tmp_path, monkeypatch):
    path = ways.save(ways.make(1), tmp_path / "folder")
    monkeypatch.setattr(_atomic, "_MOST_MOVES", 2)
    rename = os.rename

    def race(source, target):
        rename(source, target)
        if str(source) == str(path):
            shutil.copytree(target, path)

    monkeypatch.setattr(os, "rename", race)
    with pytest.raises(OSError, match="a folder that others replace all the time"):
        ways.save(ways.make(2), path)
    assert ways.state(load_model(path)) == ways.state(ways.make(1))


# Damage


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return [ways.save(ways.make(seed), folder / f"folder-{seed}") for seed in (1, 2)]


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved[0], tmp_path / "folder")


def refused(path, error, words):
    for load in (load_model, ways.make(3).load_weights):
        with pytest.raises(error, match=words):
            load(path)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_files_of_two_models_in_one_folder(name, copied, saved):
    shutil.copy(saved[1] / name, copied / name)
    with pytest.raises(CorruptFileError, match=f"'{name}' in .* is damaged, or not the one"):
        load_model(copied)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_file_that_is_missing(name, copied):
    (copied / name).unlink()
    if name == "config.json":
        with pytest.raises(ArgumentError, match="has no 'config.json'"):
            load_model(copied)
    else:
        refused(copied, CorruptFileError, r"\['model.weights.h5'\] are not in the folder")


def test_a_file_that_keras_would_have_written_is_missing(copied):
    (copied / "metadata.json").unlink()
    (copied / "model.weights.h5").unlink()
    refused(copied, CorruptFileError, "it has no 'model.weights.h5', only")


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5"])
def test_S22_a_file_that_is_a_link(name, copied, tmp_path):
    os.rename(copied / name, tmp_path / "secret")
    (copied / name).symlink_to(tmp_path / "secret")
    refused(copied, UnsafeFileError, f"'{name}' is a link or no file")


@pytest.mark.parametrize("name", ["assets", "assets/layers", "assets/layers/secret.txt"])
def test_S22_assets_that_are_links(name, copied, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "secret.txt").write_text("secret")
    path = copied / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(secret)
    refused(copied, UnsafeFileError, f"'{name}' is a link or no file")


def test_S22_a_file_that_becomes_a_link_is_not_opened(copied, tmp_path, monkeypatch):
    """After it was looked at, and before it is opened."""
    secret = tmp_path / "secret"
    os.rename(copied / "config.json", secret)
    (copied / "config.json").symlink_to(secret)
    monkeypatch.setattr(_folder_members, "_names_in", lambda folder, file: os.listdir(folder))
    with pytest.raises(UnsafeFileError, match="its part 'config.json' is a link or no file"):
        load_model(copied)


def test_too_many_files(copied, monkeypatch):
    monkeypatch.setattr(_folder_members, "MAX_MEMBERS", 10)
    (copied / "assets").mkdir()
    for number in range(20):
        (copied / "assets" / str(number)).touch()
    refused(copied, CorruptFileError, "at most 10 files in")


@pytest.mark.parametrize("noted", [3, [], {"config.json": 3}])
def test_metadata_that_is_odd(noted, copied):
    path = copied / "metadata.json"
    content = json.loads(path.read_text())
    content["deepkit_members"] = noted
    path.write_text(json.dumps(content))
    if isinstance(noted, dict):
        with pytest.raises(CorruptFileError, match="'config.json' in .* is damaged"):
            load_model(copied)
    else:
        assert ways.state(load_model(copied)) == ways.state(ways.make(1))


def test_a_config_that_is_too_large(copied):
    with (copied / "config.json").open("wb") as stream:
        stream.truncate(2**36)
    with pytest.raises(CorruptFileError, match="at most 33,554,432 bytes in 'config.json'"):
        load_model(copied)


def test_S16_an_asset_that_is_a_hole(copied):
    class Loads(deepkit.layers.Layer):
        def load_assets(self, folder):
            raise AssertionError("it was unpacked")

        def call(self, x):
            return x

    deepkit.Sequential([deepkit.Input((3,)), Loads()]).save(copied, zipped=False)
    (copied / "assets" / "layers" / "loads").mkdir(parents=True)
    with (copied / "assets" / "layers" / "loads" / "a").open("wb") as stream:
        stream.truncate(2**36)
    with pytest.raises(UnsafeFileError, match="its assets have 68,719,476,736 bytes"):
        load_model(copied, {"Loads": Loads})
