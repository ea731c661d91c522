"""The arguments of saving and loading."""

import pathlib
import subprocess
import sys

import pytest

import deepkit
from deepkit.errors import ArgumentError, ArgumentTypeError, SerializationError
from tests.saving.models import assert_equal_values, fill, values


@pytest.fixture
def model():
    return fill(deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)]))


def test_all_names_are_offered():
    assert deepkit.models.load_model is deepkit.saving.load_model
    assert deepkit.models.save_model is deepkit.saving.save_model
    for name in ("load_weights", "save_weights"):
        assert callable(getattr(deepkit.saving, name))


def test_h5py_loads_when_it_is_used():
    code = (
        "import sys, deepkit; deepkit.saving.load_model; deepkit.models.Model;"
        "print('h5py' in sys.modules)"
    )
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m, p: m.save(p / "a.txt"), ArgumentError, "ends in `.keras` or `.h5`"),
        (lambda m, p: m.save(p / "a.weights.h5"), ArgumentError, "Use `save_weights`"),
        (lambda m, p: m.save(p / "a.keras", zipped=False), ArgumentError, "no ending of a file"),
        (lambda m, p: m.save(p / "a.keras", fast=True), ArgumentTypeError, "`save_model`: fast"),
        (lambda m, p: m.save(3), ArgumentTypeError, "to be a path, received 3 of type int"),
        (lambda m, p: m.save("gs://bucket/a.keras"), ArgumentError, "file on this machine"),
        (lambda m, p: m.save(p), ArgumentError, "ends in `.keras`"),
        (lambda m, p: m.save_weights(p / "a.h5"), ArgumentError, "ends in `.weights.h5`"),
        (
            lambda m, p: m.save_weights(p / "a.h5", max_shard_size=1),
            ArgumentError,
            "ends in `.weights.json` for weights in several files",
        ),
        (
            lambda m, p: m.save_weights(p / "a.weights.h5", quick=1),
            ArgumentTypeError,
            "`save_weights`: quick",
        ),
        (lambda m, p: deepkit.saving.load_model(p), ArgumentError, "received the folder"),
        (lambda m, p: m.load_weights(p / "whole.bin"), ArgumentError, "`.h5` for weights"),
        (
            lambda m, p: m.load_weights(p / "whole.keras", by_name=True),
            ArgumentTypeError,
            r"`load_weights\('whole.keras'\)`: by_name",
        ),
        (
            lambda m, p: m.load_weights(p / "whole.keras", nothing=1),
            ArgumentTypeError,
            "nothing",
        ),
        (
            lambda m, p: m.save(p / "whole.keras", overwrite=False),
            ArgumentError,
            "exists. Pass `overwrite=True`",
        ),
        (
            lambda m, p: m.save_weights(p / "whole.weights.h5", overwrite=False),
            ArgumentError,
            "exists. Pass `overwrite=True`",
        ),
        (lambda m, p: m.save(p / "folder.keras"), ArgumentError, "received the folder"),
    ],
)
def test_wrong_arguments(call, error, words, model, tmp_path):
    (tmp_path / "folder.keras").mkdir()
    model.save(tmp_path / "whole.keras")
    model.save_weights(tmp_path / "whole.weights.h5")
    (tmp_path / "whole.bin").touch()
    with pytest.raises(error, match=words):
        call(model, tmp_path)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".hdf5"])
def test_paths_may_be_text_or_path_objects(ending, model, tmp_path):
    for path in (tmp_path / f"a{ending}", str(tmp_path / f"b{ending}")):
        model.save(path, overwrite=False)
        model.save(path)
        assert_equal_values(values(deepkit.saving.load_model(path)), values(model))
        model.load_weights(path)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_model_that_is_not_built_is_saved_as_it_is(ending, tmp_path):
    model = deepkit.Sequential([deepkit.layers.Dense(2)])
    path = tmp_path / f"plain{ending}"
    model.save(path)
    if ending == ".keras":
        loaded = deepkit.saving.load_model(path)
        assert not loaded.built and loaded.layers[0].units == 2
    else:
        with pytest.raises(SerializationError, match="does not say for which input shape"):
            deepkit.saving.load_model(path)


def test_what_json_cannot_hold_is_named(tmp_path):
    class Odd(deepkit.layers.Layer):
        def get_config(self):
            return {**super().get_config(), "handle": object()}

        def call(self, x):
            return x

    model = deepkit.Sequential([deepkit.Input((3,)), Odd()])
    with pytest.raises(SerializationError, match="object at"):
        model.save(tmp_path / "odd.keras")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["..", ".", "a\\b", "x" * 2000])
def test_names_that_no_file_can_hold(name, tmp_path):
    layer = deepkit.layers.Dense(2, name=name)
    model = fill(deepkit.Sequential([deepkit.Input((3,)), layer]))
    with pytest.raises(SerializationError, match="Expected a name that a file can hold"):
        model.save(tmp_path / "odd.h5")
    # Here names are no part of any path.
    model.save(tmp_path / "odd.keras")
    loaded = deepkit.saving.load_model(tmp_path / "odd.keras")
    assert loaded.layers[0].name == name
    assert_equal_values(values(loaded), values(model))


def test_layers_of_equal_names_in_the_older_format(tmp_path):
    class Two(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.one = deepkit.layers.Dense(2, name="same")
            self.two = deepkit.layers.Dense(2, name="same")

        def call(self, x):
            return self.two(self.one(x))

    model = Two()
    model.build((None, 2))
    with pytest.raises(SerializationError, match=r"\['same'\] are used more than once"):
        model.save(tmp_path / "two.h5")


def test_long_lists_of_names_in_the_older_format(tmp_path):
    """HDF5 keeps 64 kB of attributes: longer lists go into several."""
    layers = [deepkit.layers.Dense(1, name=f"{'long' * 200}_{index}") for index in range(90)]
    model = deepkit.Sequential([deepkit.Input((1,)), *layers])
    model.save(tmp_path / "long.h5")
    other = deepkit.models.clone_model(model)
    other.load_weights(tmp_path / "long.h5")
    assert_equal_values(values(other), values(model))


def test_paths_of_variables_that_are_no_paths(tmp_path):
    """They are kept under numbers in the older format."""

    class Odd(deepkit.layers.Layer):
        def build(self, input_shape):
            self.a = self.add_weight("same", shape=(2,))
            self.b = self.add_weight("same", shape=(2,))
            self.c = self.add_weight("..", shape=(2,))

        def call(self, x):
            return x + self.a + self.b + self.c

    model = fill(deepkit.Sequential([deepkit.Input((2,)), Odd()]))
    model.save(tmp_path / "odd.h5")
    loaded = deepkit.saving.load_model(tmp_path / "odd.h5", custom_objects={"Odd": Odd})
    assert_equal_values(values(loaded), values(model))


def test_inputs_of_several_shapes(tmp_path):
    class Pair(deepkit.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.left, self.right = deepkit.layers.Dense(2), deepkit.layers.Dense(2)

        def call(self, x, other):
            return self.left(x["a"]) + self.right(other[0])

    model = Pair()
    ones = deepkit.ops.ones
    model({"a": ones((1, 3))}, [ones((1, 4)), ones((1, 5))])
    model.save(tmp_path / "pair.keras")
    loaded = deepkit.saving.load_model(tmp_path / "pair.keras", custom_objects={"Pair": Pair})
    assert_equal_values(values(loaded), values(model))


def test_a_build_that_leaves_layers_alone(tmp_path):
    class Partly(deepkit.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = deepkit.layers.Dense(2)

        def build(self, input_shape):
            self.scale = self.add_weight("scale", shape=input_shape[-1:])

        def call(self, x):
            return self.inner(x * self.scale)

    model = Partly()
    model(deepkit.ops.ones((1, 3)))
    model.save(tmp_path / "partly.keras")
    loaded = deepkit.saving.load_model(tmp_path / "partly.keras", custom_objects={"Partly": Partly})
    assert_equal_values(values(loaded), values(model))
