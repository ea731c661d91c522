"""A block with a shortcut, reused several times inside a model."""

import numpy as np
import pytest

import deepkit
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files, assert_trains_like_keras


def classes(k):
    """The block and the model, for deepkit or Keras: the import is the only difference."""

    class ResidualBlock(k.layers.Layer):
        def __init__(self, n_layers, n_neurons, **kwargs):
            super().__init__(**kwargs)
            self.n_layers, self.n_neurons = n_layers, n_neurons
            self.hidden = [
                k.layers.Dense(n_neurons, activation="relu", kernel_initializer="he_normal")
                for _ in range(n_layers)
            ]

        def call(self, inputs):
            Z = inputs
            for layer in self.hidden:
                Z = layer(Z)
            return inputs + Z

        def get_config(self):
            config = {"n_layers": self.n_layers, "n_neurons": self.n_neurons}
            return {**super().get_config(), **config}

    class ResidualRegressor(k.Model):
        def __init__(self, output_dim, **kwargs):
            super().__init__(**kwargs)
            self.output_dim = output_dim
            self.hidden1 = k.layers.Dense(6, activation="relu", kernel_initializer="he_normal")
            self.block1 = ResidualBlock(2, 6)
            self.block2 = ResidualBlock(2, 6)
            self.out = k.layers.Dense(output_dim)

        def call(self, inputs):
            Z = self.hidden1(inputs)
            for _ in range(1 + 3):
                Z = self.block1(Z)
            Z = self.block2(Z)
            return self.out(Z)

        def get_config(self):
            return {**super().get_config(), "output_dim": self.output_dim}

    return ResidualBlock, ResidualRegressor


def regressor(k):
    model = classes(k)[1](1)
    model.compile(loss="mse", optimizer=k.optimizers.SGD(0.0005))
    return model


@pytest.fixture(scope="module")
def trained():
    return assert_trains_like_keras(regressor, *regression())


def test_the_output_is_what_the_formula_says(trained):
    x, _ = regression(rows=5)
    w = [array.astype("float64") for array in trained.get_weights()]

    def relu(z, i):
        return np.maximum(z @ w[i] + w[i + 1], 0)

    z = relu(x, 0)
    for _ in range(4):
        z = z + relu(relu(z, 2), 4)
    z = z + relu(relu(z, 6), 8)
    expected = z @ w[10] + w[11]
    # float32 beside float64, through eleven layers.
    np.testing.assert_allclose(trained.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_a_reused_block_has_its_weights_once(trained):
    assert len(trained.trainable_variables) == 12
    assert [layer.name for layer in trained.layers] == [
        trained.hidden1.name,
        trained.block1.name,
        trained.block2.name,
        trained.out.name,
    ]
    assert trained.count_params() == 8 * 6 + 6 + 4 * (6 * 6 + 6) + 7


def test_the_summary_counts_them_once(trained):
    lines = []
    trained.summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "Trainable params: 229" in text
    assert text.count("(ResidualBlock)") == 2


def test_files(tmp_path):
    block, model_class = classes(deepkit)
    model = model_class(1)
    model.compile(loss="mse", optimizer=deepkit.optimizers.SGD(0.0005, momentum=0.9))
    x, y = regression()
    model.fit(x, y, epochs=1, verbose=0)
    custom_objects = {"ResidualBlock": block, "ResidualRegressor": model_class}
    assert_goes_through_files(model, tmp_path, custom_objects, x, y)
