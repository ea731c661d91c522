"""Configs are read as the version of Keras wrote them that a file names, or their form tells."""

import json
import pathlib
import zipfile

import h5py
import numpy as np
import pytest

import deepkit

GOLDEN = pathlib.Path(__file__).parent / "golden"


@deepkit.saving.register_keras_serializable("versions")
class Windowed(deepkit.layers.Layer):
    """A layer whose argument has the name of one that Keras 2 gave all layers."""

    def __init__(self, batch_input_shape, **kwargs):
        super().__init__(**kwargs)
        self.batch_input_shape = batch_input_shape

    def call(self, inputs):
        return inputs * self.batch_input_shape[0]

    def get_config(self):
        return {**super().get_config(), "batch_input_shape": self.batch_input_shape}


def test_arguments_of_ones_own_do_not_make_a_config_of_keras_3_an_older_one(tmp_path):
    model = deepkit.Sequential(
        [
            deepkit.Input((3,)),
            deepkit.layers.Dense(4, activation="hard_sigmoid"),
            Windowed([5, 3]),
        ]
    )
    data = np.linspace(-2, 2, 12, dtype="float32").reshape(4, 3)

    model.save(tmp_path / "model.keras")
    loaded = deepkit.saving.load_model(tmp_path / "model.keras")

    assert loaded.layers[-1].batch_input_shape == [5, 3]
    np.testing.assert_array_equal(loaded.predict(data, verbose=0), model.predict(data, verbose=0))


@pytest.mark.parametrize("release", ["keras_1.2.2", "tensorflow_2.9.3"])
def test_from_config_takes_the_config_of_an_older_drawn_model(release, tmp_path):
    with zipfile.ZipFile(GOLDEN / f"{release}.zip") as archive:
        path = archive.extract("nested.h5", tmp_path)
    with h5py.File(path) as file:
        config = json.loads(file.attrs["model_config"])["config"]
    expected = deepkit.saving.load_model(path, compile=False)

    made = deepkit.Model.from_config(config)

    assert made.get_config() == expected.get_config()
    made.set_weights(expected.get_weights())
    shapes = [(2, *shape[1:]) for shape in (tensor.shape for tensor in made.inputs)]
    data = [np.linspace(-1, 1, np.prod(shape)).reshape(shape) for shape in shapes]
    inputs = data if len(data) > 1 else data[0]
    np.testing.assert_array_equal(
        made.predict(inputs, verbose=0), expected.predict(inputs, verbose=0)
    )
