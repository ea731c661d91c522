"""The data set inside the package, and the reading of files that look like the downloaded ones."""

import gzip
import importlib
import io
import json
import pickle
import struct
import types

import numpy as np
import pytest

import deepkit
from deepkit.core import config
from deepkit.core.errors import ArgumentError, CorruptFileError, DownloadError, UnsafeFileError
from deepkit.data import get_file
from deepkit.datasets import _cifar, _pickled, _sources, fashion_mnist
from tests.oracle import keras, oracle


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    (x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
    for array in (x_train, y_train, x_test, y_test):
        assert array.dtype == np.uint8
    train, test = train_test_split(
        np.arange(1797), test_size=360, stratify=digits.target, random_state=0
    )
    assert np.array_equal(x_train, digits.images[train])
    assert np.array_equal(y_train, digits.target[train])
    assert np.array_equal(x_test, digits.images[test])
    assert np.array_equal(y_test, digits.target[test])


def test_digits_name_their_source():
    text = (importlib.resources.files("deepkit.datasets") / "data/ATTRIBUTION.md").read_text()
    assert "10.24432/C50P49" in text and "CC BY 4.0" in text


class Fakes:
    """Files in the form of the real ones, handed out instead of downloads; keeps what was asked."""

    def __init__(self, folder):
        self.folder = folder
        self.asked = []

    def get_file(self, fname=None, origin=None, **options):
        options.setdefault("cache_subdir", "datasets")
        self.asked.append((fname, origin, options))
        return str(self.folder / origin.rpartition("/")[2])


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    ours, theirs = Fakes(tmp_path), Fakes(tmp_path)
    for module in (_sources, _cifar):
        monkeypatch.setattr(module, "get_file", ours.get_file)
    for name in keras_modules():
        monkeypatch.setattr(f"keras.src.datasets.{name}.get_file", theirs.get_file)
    return types.SimpleNamespace(ours=ours, theirs=theirs, folder=tmp_path)


def keras_modules():
    return [
        name
        for name in vars(deepkit.datasets)
        if not name.startswith("_") and hasattr(keras.datasets, name)
    ]


def texts(count, generator):
    lists = [generator.integers(1, 50, generator.integers(2, 12)).tolist() for _ in range(count)]
    array = np.empty(count, dtype=object)
    array[:] = lists
    return array


def make_arrays(path, kind):
    generator = np.random.default_rng(0)
    if kind == "mnist":
        shapes = {"x_train": (6, 28, 28), "y_train": (6,), "x_test": (3, 28, 28), "y_test": (3,)}
        np.savez(path, **{k: generator.integers(0, 10, s, "uint8") for k, s in shapes.items()})
    elif kind == "housing":
        np.savez(path, x=generator.normal(size=(700, 8)), y=generator.normal(size=700))
    elif kind == "imdb":
        np.savez(
            path,
            **{f"x_{part}": texts(20, generator) for part in ("train", "test")},
            **{f"y_{part}": generator.integers(0, 2, 20) for part in ("train", "test")},
        )
    else:
        np.savez(path, x=texts(30, generator), y=generator.integers(0, 46, 30))


def assert_equal(found, expected):
    for part, expected_part in zip(found, expected):
        for array, expected_array in zip(part, expected_part):
            assert array.shape == expected_array.shape and array.dtype == expected_array.dtype
            assert array.tolist() == expected_array.tolist()


TEXT_OPTIONS = [
    {},
    {"num_words": 20},
    {"num_words": 20, "skip_top": 5, "oov_char": None},
    {"maxlen": 9, "seed": 3},
    {"start_char": None, "index_from": 0},
    {"start_char": None, "index_from": 2},
]
HOUSING_OPTIONS = [{}, {"test_split": 0.5, "seed": 1}, {"test_split": 0}]
CASES = [
    ("mnist", "mnist.npz", "mnist", {}),
    *(("boston_housing", "boston_housing.npz", "housing", o) for o in HOUSING_OPTIONS),
    *(("california_housing", "california_housing.npz", "housing", o) for o in HOUSING_OPTIONS),
    ("california_housing", "california_housing.npz", "housing", {"version": "small"}),
    *(("imdb", "imdb.npz", "imdb", options) for options in TEXT_OPTIONS),
    *(("reuters", "reuters.npz", "reuters", options) for options in TEXT_OPTIONS),
    ("reuters", "reuters.npz", "reuters", {"test_split": 0.5}),
]


def compare(name, fakes, **options):
    with oracle():
        expected = getattr(keras.datasets, name).load_data(**options)
    assert_equal(getattr(deepkit.datasets, name).load_data(**options), expected)


@pytest.mark.parametrize(("name", "file", "kind", "options"), CASES)
def test_arrays_as_keras(name, file, kind, options, fakes):
    make_arrays(fakes.folder / file, kind)
    compare(name, fakes, **options)
    ((fname, origin, asked),) = fakes.ours.asked
    assert [(fname, origin, asked)] == fakes.theirs.asked
    assert len(asked["file_hash"]) == 64


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_word_indices_as_keras(name, fakes):
    (fakes.folder / f"{name}_word_index.json").write_text(json.dumps({"café": 3, "the": 1}))
    found = getattr(deepkit.datasets, name).get_word_index()
    assert found == {"café": 3, "the": 1}
    getattr(keras.datasets, name).get_word_index()
    assert fakes.ours.asked == fakes.theirs.asked


def test_topics_of_reuters():
    assert deepkit.datasets.reuters.get_label_names() == keras.datasets.reuters.get_label_names()


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_equally_long_texts_stay_lists(name, fakes):
    array = np.empty(4, dtype=object)
    array[:] = [[1, 2, 3]] * 4
    keys = ["x", "y"] if name == "reuters" else ["x_train", "y_train", "x_test", "y_test"]
    labels = np.arange(4)
    np.savez(fakes.folder / f"{name}.npz", **{k: array if k[0] == "x" else labels for k in keys})
    (x_train, _), _ = getattr(deepkit.datasets, name).load_data()
    assert x_train.ndim == 1 and isinstance(x_train[0], list)


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_maxlen_that_leaves_nothing(name, fakes):
    make_arrays(fakes.folder / f"{name}.npz", name)
    with pytest.raises(
        ArgumentError, match="Expected `maxlen` above the shortest text, received 2"
    ):
        getattr(deepkit.datasets, name).load_data(maxlen=2)


def write_idx(path, array):
    header = struct.pack(">I", 0x800 + array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    with gzip.open(path, "wb") as file:
        file.write(header + array.tobytes())


def write_fashion(folder):
    generator = np.random.default_rng(0)
    for name, count in (("train", 60000), ("t10k", 10000)):
        x = generator.integers(0, 256, (count, 2, 2), "uint8")
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", x)
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", x[:, 0, 0] % 10)


def test_fashion_mnist(fakes, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "_SIZE", (2, 2))
    write_fashion(fakes.folder)
    (x_train, y_train), (x_test, y_test) = deepkit.datasets.fashion_mnist.load_data()
    assert x_train.shape == (60000, 2, 2) and x_test.shape == (10000, 2, 2)
    assert np.array_equal(x_train[:, 0, 0] % 10, y_train)
    assert np.array_equal(x_test[:, 0, 0] % 10, y_test)
    with pytest.raises(ValueError, match="reshape"):  # Keras expects 28x28 here
        keras.datasets.fashion_mnist.load_data()
    asked = [
        (fname, origin, options["cache_subdir"]) for fname, origin, options in fakes.ours.asked
    ]
    theirs = [(f, origin, options["cache_subdir"]) for f, origin, options in fakes.theirs.asked]
    assert sorted(asked) == sorted(theirs)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b"no gzip"), "Expected a gzip file at "),
        (lambda path: path.write_bytes(path.read_bytes()[:500]), "Expected a gzip file at "),
        (lambda path: write_idx(path, np.zeros((9, 2, 2), "uint8")), "Expected bytes of shape (60"),
    ],
)
def test_damaged_fashion_mnist(damage, message, fakes, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "_SIZE", (2, 2))
    write_fashion(fakes.folder)
    damage(fakes.folder / "train-images-idx3-ubyte.gz")
    with pytest.raises(CorruptFileError) as info:
        deepkit.datasets.fashion_mnist.load_data()
    assert message in str(info.value)


def short(text):
    """A byte string as Python 2 pickled it."""
    return b"U" + bytes([len(text)]) + text


def python2_batch(data, labels):
    """A pickle as Python 2 wrote the batches of CIFAR: protocol 2, byte strings, NumPy 1."""

    def array(values):
        return (
            b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + short(b"b")
            + b"\x87R(K\x01" + b"".join(b"J" + struct.pack("<i", n) for n in values.shape)
            + b"\x86cnumpy\ndtype\n" + short(b"u1") + b"K\x00K\x01\x87R(K\x03" + short(b"|")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
            + b"T" + struct.pack("<i", values.size) + values.tobytes() + b"tb"
        )  # fmt: skip

    entries = [short(b"data") + array(data)]
    for key, values in labels.items():
        numbers = b"".join(b"K" + bytes([value]) for value in values)
        entries.append(short(key) + b"](" + numbers + b"e")
    return b"\x80\x02}(" + b"".join(entries) + b"u."


def write_cifar(folder, names, count, keys):
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in names:
        data = generator.integers(0, 256, (count, 3072), "uint8")
        labels = {key: generator.integers(0, 10, count).tolist() for key in keys}
        (folder / name).write_bytes(python2_batch(data, labels))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100_as_keras(data_format, mode, fakes):
    folder = fakes.folder / "cifar-100-python.tar.gz" / "cifar-100-python"
    write_cifar(folder, ["train", "test"], 4, [b"fine_labels", b"coarse_labels"])
    config.set_image_data_format(data_format)
    keras.config.set_image_data_format(data_format)
    try:
        (x_train, y_train), (x_test, y_test) = deepkit.datasets.cifar100.load_data(mode)
        with oracle():
            expected = keras.datasets.cifar100.load_data(mode)
    finally:
        config.set_image_data_format("channels_last")
        keras.config.set_image_data_format("channels_last")
    # Keras leaves the labels of this one as int64, unlike those of CIFAR-10.
    expected = [(x, y.astype("uint8")) for x, y in expected]
    assert_equal(((x_train, y_train), (x_test, y_test)), expected)
    assert x_train.shape[1:] == ((32, 32, 3) if data_format == "channels_last" else (3, 32, 32))
    assert fakes.ours.asked == fakes.theirs.asked


def test_cifar10(fakes):
    folder = fakes.folder / "cifar-10-python.tar.gz" / "cifar-10-batches-py"
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    write_cifar(folder, names, 3, [b"labels"])
    (x_train, y_train), (x_test, y_test) = deepkit.datasets.cifar10.load_data()
    assert x_train.shape == (15, 32, 32, 3) and y_train.shape == (15, 1)
    assert x_test.shape == (3, 32, 32, 3) and y_test.dtype == np.uint8
    with open(folder / "data_batch_2", "rb") as file:
        second = pickle.load(file, encoding="bytes")
    assert np.array_equal(x_train[4].transpose(2, 0, 1).reshape(-1), second[b"data"][1])
    assert y_train[4, 0] == second[b"labels"][1]
    with pytest.raises(ValueError, match="broadcast"), oracle():  # Keras expects 10,000 a file
        keras.datasets.cifar10.load_data()
    assert fakes.ours.asked == fakes.theirs.asked


class Evil:
    def __reduce__(self):
        return (print, ("evil",))


def test_pickles_that_ask_for_more_are_refused(tmp_path, capsys):
    with pytest.raises(UnsafeFileError, match=r"asks for builtins\.print; a data set needs arrays"):
        _pickled.read_pickle(io.BytesIO(pickle.dumps(Evil())))
    array = np.empty(1, dtype=object)
    array[0] = Evil()
    np.savez(tmp_path / "evil.npz", x=array)
    with pytest.raises(UnsafeFileError, match="asks for builtins"):
        _pickled.read_object_arrays(str(tmp_path / "evil.npz"))
    assert capsys.readouterr().out == ""


def test_damaged_arrays(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(b"no zip")
    with pytest.raises(CorruptFileError, match=r"Expected arrays in .*, but it is damaged"):
        _pickled.read_object_arrays(str(path))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "cifar100",
            {"label_mode": "all"},
            "Expected `label_mode` to be 'fine' or 'coarse', receiv",
        ),
        (
            "boston_housing",
            {"test_split": 1},
            "`test_split` to be at least 0 and below 1, received",
        ),
        ("california_housing", {"test_split": -1}, "`test_split` to be at least 0 and below 1"),
        ("california_housing", {"version": "tiny"}, "`version` to be 'large' or 'small', received"),
        ("reuters", {"test_split": 2}, "`test_split` to be at least 0 and below 1, received 2"),
    ],
)
def test_arguments_are_checked(name, options, message):
    with pytest.raises(ArgumentError) as info:
        getattr(deepkit.datasets, name).load_data(**options)
    assert message in str(info.value)


def test_without_a_network(tmp_path, monkeypatch):
    def urlopen(origin, timeout):
        raise OSError("Network is unreachable")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.setattr(_sources, "get_file", get_file)
    with pytest.raises(DownloadError) as info:
        deepkit.datasets.mnist.load_data()
    assert str(info.value) == (
        "Could not download https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz: "
        "Network is unreachable. To work without a network, place the file (its sha256 is "
        "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1) at "
        f"{str(tmp_path / 'datasets' / 'mnist.npz')!r}."
    )
