"""Files that a layer keeps beside its variables: here and in Keras, and what is refused."""

import os
import pathlib
import stat
import tempfile
import zipfile

import numpy as np
import pytest

import deepkit
from deepkit.errors import CorruptFileError, SerializationError, UnsafeFileError
from deepkit.saving import load_model
from deepkit.saving._formats import _assets
from tests.oracle import keras, oracle
from tests.saving.models import rewrite_member

WORDS = ("ant", "bee")


def vocabulary_class(k):
    class Vocabulary(k.layers.Layer):
        """Keeps words in a file, and counts in a folder of its own."""

        words = ()
        inner = None
        folder = None

        def save_assets(self, dir_path):
            pathlib.Path(dir_path, "words.txt").write_text("\n".join(self.words))
            os.makedirs(os.path.join(dir_path, "more", "empty"))
            pathlib.Path(dir_path, "more", "numbers.bin").write_bytes(bytes(range(256)))

        def load_assets(self, dir_path):
            self.folder = dir_path
            self.words = tuple(pathlib.Path(dir_path, "words.txt").read_text().split("\n"))
            self.numbers = pathlib.Path(dir_path, "more", "numbers.bin").read_bytes()

        def call(self, x):
            return x

    return Vocabulary


OURS, THEIRS = vocabulary_class(deepkit), vocabulary_class(keras)


def make(k, layer_class):
    layers = [layer_class(name="one"), k.layers.Dense(2), layer_class(name="two")]
    model = k.Sequential([k.Input((3,)), *layers])
    for layer in (model.layers[0], model.layers[2]):
        layer.words = (*WORDS, layer.name)
    return model


def words(model):
    return [layer.words for layer in (model.layers[0], model.layers[2])]


EXPECTED = [("ant", "bee", "one"), ("ant", "bee", "two")]


@pytest.mark.parametrize("name", ["model.keras", "model"])
def test_assets_go_both_ways(name, tmp_path):
    paths = [str(tmp_path / who / name) for who in ("ours", "theirs")]
    options = {} if "." in name else {"zipped": False}
    make(deepkit, OURS).save(paths[0], **options)
    with oracle():
        (tmp_path / "theirs").mkdir()
        make(keras, THEIRS).save(paths[1], **options)
        assert words(keras.saving.load_model(paths[0], {"Vocabulary": THEIRS})) == EXPECTED
    for path in paths:
        loaded = load_model(path, {"Vocabulary": OURS})
        assert words(loaded) == EXPECTED
        assert loaded.layers[0].numbers == bytes(range(256))


def test_the_folder_is_private_and_removed(tmp_path, monkeypatch):
    modes = []
    load = OURS.load_assets

    def look(layer, dir_path):
        top = pathlib.Path(dir_path).relative_to(tempfile.gettempdir()).parts[0]
        modes.append(stat.S_IMODE(os.stat(os.path.join(tempfile.gettempdir(), top)).st_mode))
        load(layer, dir_path)

    monkeypatch.setattr(OURS, "load_assets", look)
    path = tmp_path / "model.keras"
    make(deepkit, OURS).save(path)
    loaded = load_model(path, {"Vocabulary": OURS})
    assert modes == [0o700, 0o700]
    assert not os.path.exists(loaded.layers[0].folder)


def test_assets_of_others_are_not_unpacked(tmp_path, monkeypatch):
    """A model without such layers leaves all assets where they are."""

    class Plain(deepkit.layers.Layer):
        def call(self, x):
            return x

    path = tmp_path / "model.keras"
    make(deepkit, OURS).save(path)
    monkeypatch.setattr(_assets.tempfile, "TemporaryDirectory", None)
    assert load_model(path, {"Vocabulary": Plain}).built


def test_a_layer_that_wrote_nothing_gets_an_empty_folder(tmp_path):
    class Silent(deepkit.layers.Layer):
        seen = None

        def save_assets(self, folder):
            pass

        def load_assets(self, folder):
            self.seen = os.listdir(folder)

        def call(self, x):
            return x

    path = tmp_path / "model.keras"
    deepkit.Sequential([deepkit.Input((3,)), Silent()]).save(path)
    assert load_model(path, {"Silent": Silent}).layers[0].seen == []


def test_a_model_has_assets_of_its_own(tmp_path):
    class Own(deepkit.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = deepkit.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

        def save_assets(self, folder):
            pathlib.Path(folder, "note.txt").write_text("own")

        def load_assets(self, folder):
            self.note = pathlib.Path(folder, "note.txt").read_text()

    model = Own()
    model(np.ones((1, 3), "float32"))
    path = tmp_path / "model.keras"
    model.save(path)
    assert "assets/note.txt" in zipfile.ZipFile(path).namelist()
    assert load_model(path, {"Own": Own}).note == "own"


def saving(save_assets, count=1):
    """A model whose layers save assets in some way."""
    body = {"save_assets": save_assets, "call": lambda self, x: x}
    layer_class = type("Odd", (deepkit.layers.Layer,), body)
    return deepkit.Sequential([deepkit.Input((3,)), *(layer_class() for _ in range(count))])


def test_assets_that_are_links(tmp_path):
    model = saving(lambda self, folder: os.symlink("/etc/passwd", os.path.join(folder, "a")))
    with pytest.raises(SerializationError, match=r"`save_assets` of 'odd\w*' to write plain files"):
        model.save(tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_assets_with_names_that_no_file_can_hold(tmp_path):
    model = saving(lambda self, folder: pathlib.Path(folder, "a\\b").touch())
    with pytest.raises(SerializationError, match="Expected a name that a file can hold"):
        model.save(tmp_path / "model.keras")


def test_assets_of_equal_names(tmp_path):
    class Outer(deepkit.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = saving(lambda self, folder: None).layers[0]

        def save_assets(self, folder):
            os.makedirs(os.path.join(folder, "inner"))
            pathlib.Path(folder, "inner", "a").touch()

        def call(self, x):
            return self.inner(x)

    model = deepkit.Sequential([deepkit.Input((3,)), Outer()])
    type(model.layers[0].inner).save_assets = lambda self, f: pathlib.Path(f, "a").touch()
    with pytest.raises(SerializationError, match="two layers have 'assets/layers/outer/inner/a'"):
        model.save(tmp_path / "model.keras")


# Files that ask for what must not be done

PREFIX = "assets/layers/vocabulary/"


def crafted(tmp_path, **members):
    path = tmp_path / "model.keras"
    make(deepkit, OURS).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["a\\b", "a\x01/../../b", "./a", "a//b", "x" * 2000])
def test_S17_names_that_lead_elsewhere(name, tmp_path, monkeypatch):
    path = crafted(tmp_path, **{PREFIX + name: "x"})
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with pytest.raises(UnsafeFileError, match="lies outside of the archive|may lead elsewhere"):
        load_model(path, {"Vocabulary": OURS})
    assert os.listdir(tmp_path / "temporary") == []
    assert {p.name for p in tmp_path.iterdir()} == {"model.keras", "temporary"}


def test_a_file_that_is_a_folder_too(tmp_path):
    path = crafted(tmp_path, **{f"{PREFIX}words.txt/inner": "x"})
    with pytest.raises(CorruptFileError, match="is a file and a folder"):
        load_model(path, {"Vocabulary": OURS})


def test_S16_assets_that_unpack_to_too_much(tmp_path):
    path = tmp_path / "model.keras"
    make(deepkit, OURS).save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{PREFIX}bomb", bytes(2**25))
    with pytest.raises(UnsafeFileError, match="would unpack"):
        load_model(path, {"Vocabulary": OURS})


def test_S16_many_assets_that_unpack_to_too_much(tmp_path):
    path = tmp_path / "model.keras"
    make(deepkit, OURS).save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{PREFIX}bomb{number}", bytes(2**23))
    with pytest.raises(UnsafeFileError, match="its assets have .* bytes, more than"):
        load_model(path, {"Vocabulary": OURS})


def test_an_asset_that_is_damaged(tmp_path):
    path = tmp_path / "model.keras"
    make(deepkit, OURS).save(path)
    path.write_bytes(path.read_bytes().replace(b"ant\nbee\none", b"ant\nbee\nONE"))
    with pytest.raises(CorruptFileError, match="words.txt' in .* is damaged"):
        load_model(path, {"Vocabulary": OURS})


def test_a_layer_that_fails_to_load_is_named(tmp_path):
    path = rewrite_member(
        crafted(tmp_path),
        tmp_path / "other.keras",
        **{"assets/layers/vocabulary/words.txt".replace(".", "__"): None},
    )
    with pytest.raises(FileNotFoundError) as error:
        load_model(path, {"Vocabulary": OURS})
    assert "Raised by `load_assets` of 'one'" in error.value.__notes__[0]
