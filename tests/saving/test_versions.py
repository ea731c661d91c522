"""Configs are read as the version of Keras that a file names wrote them."""

import numpy as np

import deepkit


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
