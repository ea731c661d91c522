"""A regressor that also rebuilds its inputs: `add_loss` and a metric inside `call`."""

import numpy as np
import pytest

import deepkit
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files, assert_trains_like_keras


def regressor_class(k):
    class ReconstructingRegressor(k.Model):
        def __init__(self, output_dim, **kwargs):
            super().__init__(**kwargs)
            self.output_dim = output_dim
            self.hidden = [
                k.layers.Dense(6, activation="selu", kernel_initializer="lecun_normal")
                for _ in range(3)
            ]
            self.out = k.layers.Dense(output_dim)
            self.reconstruction_mean = None
            if k is deepkit:  # Keras on JAX cannot update a metric in `call`
                self.reconstruction_mean = k.metrics.Mean(name="reconstruction_error")

        def build(self, batch_input_shape):
            self.reconstruct = k.layers.Dense(batch_input_shape[-1])
            super().build(batch_input_shape)

        def call(self, inputs, training=False):
            Z = inputs
            for layer in self.hidden:
                Z = layer(Z)
            reconstruction = self.reconstruct(Z)
            recon_loss = k.ops.mean(k.ops.square(reconstruction - inputs))
            self.add_loss(0.05 * recon_loss)
            if training and self.reconstruction_mean is not None:
                self.reconstruction_mean(recon_loss)
            return self.out(Z)

        def get_config(self):
            return {**super().get_config(), "output_dim": self.output_dim}

    return ReconstructingRegressor


def regressor(k):
    model = regressor_class(k)(1)
    model.compile(loss="mse", optimizer=k.optimizers.Nadam(0.01))
    return model


@pytest.fixture(scope="module")
def trained():
    only_ours = ("reconstruction_error",)
    return assert_trains_like_keras(regressor, *regression(), epochs=3, only_ours=only_ours)


def _reconstruction_error(model, x):
    Z = x
    for layer in model.hidden:
        Z = layer(Z)
    return np.mean(np.square(np.asarray(model.reconstruct(Z)) - x))


def test_the_loss_is_the_error_and_a_twentieth_of_the_reconstruction_error(trained):
    x, y = regression()
    results = trained.evaluate(x, y, verbose=0, return_dict=True)
    error = np.mean(np.square(trained.predict(x, verbose=0) - y))
    expected = error + 0.05 * _reconstruction_error(trained, x)
    np.testing.assert_allclose(results["loss"], expected, rtol=1e-5)


def test_the_metric_is_updated_in_training_only(trained):
    x, y = regression(rows=32)
    assert trained.evaluate(x, y, verbose=0, return_dict=True)["reconstruction_error"] == 0.0
    expected = _reconstruction_error(trained, x)
    logs = trained.fit(x, y, batch_size=32, epochs=1, verbose=0).history
    assert list(logs) == ["loss", "reconstruction_error"]
    np.testing.assert_allclose(logs["reconstruction_error"], [expected], rtol=1e-5)


def test_the_loss_of_a_call_is_that_of_the_last_one(trained):
    x, _ = regression(rows=32)
    for _ in range(2):
        trained(x)
    np.testing.assert_allclose(
        [float(loss) for loss in trained.losses],
        [0.05 * _reconstruction_error(trained, x)],
        rtol=1e-5,
    )


def test_a_partial_batch_weighs_by_its_rows():
    x, y = regression(rows=50)
    model = regressor_class(deepkit)(1)
    model.compile(loss="mse", optimizer=deepkit.optimizers.SGD(0.0))
    history = model.fit(x, y, batch_size=32, epochs=1, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"][0], model.evaluate(x, y, verbose=0)[0], rtol=1e-6)


def test_files(tmp_path):
    x, y = regression()
    model = regressor(deepkit)
    model.fit(x, y, epochs=1, verbose=0)
    model_class = type(model)
    assert_goes_through_files(model, tmp_path, {model_class.__name__: model_class}, x, y)
