"""A self-normalizing net: activations keep mean 0 and deviation 1 through twenty layers."""

import numpy as np
import pytest

import deepkit
from deepkit import layers
from tests.programs.data import regression
from tests.programs.running import assert_trains_like_keras


def _moments(initializer, dropout=0.0):
    """Mean and deviation of the activations after each of twenty layers of selu."""
    deepkit.utils.set_random_seed(42)
    z = np.random.default_rng(0).normal(size=(500, 100)).astype("float32")
    drop = layers.AlphaDropout(dropout)
    moments = []
    for _ in range(20):
        z = layers.Dense(100, activation="selu", kernel_initializer=initializer)(z)
        z = drop(z, training=True)
        moments.append((float(np.mean(z)), float(np.std(z))))
    return np.array(moments)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_activations_stay_standardized(dropout):
    moments = _moments("lecun_normal", dropout)
    # With matrices of 100 × 100 the variance of a layer wanders by a tenth or two around 1.
    assert np.abs(moments[:, 0]).max() < 0.15
    assert np.abs(moments[:, 1] - 1).max() < 0.2


def test_another_initializer_lets_them_go():
    assert np.abs(_moments(deepkit.initializers.RandomNormal(stddev=0.2))[:, 1] - 1).max() > 0.5


def test_training_is_that_of_keras():
    def program(k):
        model = k.Sequential(
            [
                k.layers.Dense(10, activation="selu", kernel_initializer="lecun_normal")
                for _ in range(5)
            ]
            + [k.layers.Dense(1)]
        )
        model.compile(loss="mse", optimizer=k.optimizers.SGD(0.005))
        return model

    assert_trains_like_keras(program, *regression())


def test_alpha_dropout_acts_in_training_alone():
    x, _ = regression()
    layer = layers.AlphaDropout(0.5)
    np.testing.assert_array_equal(layer(x, training=False), x)
    dropped = np.asarray(layer(x, training=True))
    _, counts = np.unique(dropped, return_counts=True)
    rate = counts.max() / x.size  # dropped units share one value
    assert 0.4 < rate < 0.6  # 512 units: the standard error is 0.022
