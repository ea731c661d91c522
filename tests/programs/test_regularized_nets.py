"""Nets that are kept from overfitting: penalties, norms, dropout, clipping, early stopping."""

import functools

import numpy as np

import deepkit
from deepkit import callbacks, layers
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files, assert_trains_like_keras

X, Y = regression()


class MCDropout(layers.Dropout):
    """Dropout in prediction too."""

    def call(self, inputs, training=False):
        return super().call(inputs, training=True)


def test_penalized_layers_made_by_a_partial():
    def program(k):
        RegularizedDense = functools.partial(
            k.layers.Dense, activation="elu", kernel_regularizer=k.regularizers.l2(0.01)
        )
        model = k.Sequential(
            [RegularizedDense(6), RegularizedDense(4), RegularizedDense(1, activation=None)]
        )
        model.compile(loss="mse", optimizer=k.optimizers.SGD(0.01, clipnorm=1.0))
        return model

    assert_trains_like_keras(program, X, Y)


def test_norms_stay_below_their_maximum():
    layer = layers.Dense(6, kernel_constraint=deepkit.constraints.max_norm(0.5))
    model = deepkit.Sequential([deepkit.Input((8,)), layer, layers.Dense(1)])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(X, Y, epochs=1, verbose=0)
    norms = np.linalg.norm(layer.get_weights()[0], axis=0)
    assert (norms < 0.5 + 1e-5).all() and (norms > 0.49).any()


def test_monte_carlo_dropout_has_the_variance_of_its_formula():
    deepkit.utils.set_random_seed(5)
    model = deepkit.Sequential([deepkit.Input((8,)), MCDropout(0.5), layers.Dense(1)])
    x = X[:4]
    kernel, bias = model.get_weights()
    samples = np.stack([model.predict(x, verbose=0) for _ in range(400)])
    # Each term of x @ kernel is doubled or dropped: mean x w, variance (x w)².
    terms = x[:, :, None] * kernel[None]
    deviation = np.sqrt(np.sum(terms**2, axis=1))
    # 400 samples: standard errors of 1/20 deviation for the mean, of about 4% for the deviation.
    assert (np.abs(samples.mean(axis=0) - terms.sum(axis=1) - bias) < 0.2 * deviation).all()
    np.testing.assert_allclose(samples.std(axis=0), deviation, rtol=0.2)


def test_dropout_by_training_is_the_same_family():
    deepkit.utils.set_random_seed(6)
    model = deepkit.Sequential([deepkit.Input((8,)), layers.Dropout(0.5), layers.Dense(1)])
    samples = np.stack([np.asarray(model(X[:4], training=True)) for _ in range(20)])
    assert (samples.std(axis=0) > 0).all()
    np.testing.assert_array_equal(model(X[:4]), model(X[:4], training=False))


def test_early_stopping_returns_to_the_best_weights(tmp_path):
    model = deepkit.Sequential([deepkit.Input((8,)), layers.Dense(6, "relu"), layers.Dense(1)])
    model.compile(loss="mse", optimizer=deepkit.optimizers.SGD(0.05))
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    stopping = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    history = model.fit(
        X[:32],
        Y[:32],
        epochs=60,
        validation_data=(X[32:], Y[32:]),
        callbacks=[checkpoint, stopping],
        verbose=0,
    ).history
    best = min(history["val_loss"])
    loaded = deepkit.models.load_model(tmp_path / "best.keras")
    for each in (model, loaded):
        np.testing.assert_allclose(each.evaluate(X[32:], Y[32:], verbose=0), best, rtol=1e-6)


def test_batch_normalization_in_both_orders(tmp_path):
    def program(k):
        model = k.Sequential(
            [
                k.Input((8,)),
                k.layers.BatchNormalization(),
                k.layers.Dense(6, use_bias=False),
                k.layers.BatchNormalization(momentum=0.9),
                k.layers.Activation("relu"),
                k.layers.Dense(1),
            ]
        )
        model.compile(loss="mse", optimizer=k.optimizers.SGD(0.01, momentum=0.9, nesterov=True))
        return model

    model = assert_trains_like_keras(program, X, Y)
    assert_goes_through_files(model, tmp_path, {}, X, Y)
