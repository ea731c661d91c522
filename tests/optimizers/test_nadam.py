"""Nadam with the momentum of Keras 1 and 2, which grew more slowly than that of today."""

import numpy as np
import pytest

import deepkit
from deepkit.errors import ArgumentError
from deepkit.optimizers import Nadam
from tests.oracle import keras, oracle


def momenta(steps, decay, beta_1=0.9):
    return beta_1 * (1 - 0.5 * 0.96 ** (np.arange(1, steps + 1) * decay))


def older_nadam(w, gradients, rate, decay, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """The rule as Keras 2.3 had it, in NumPy."""
    m = v = 0.0
    mu = momenta(len(gradients) + 1, decay, beta_1)
    products = np.cumprod(mu)
    for t, g in enumerate(gradients):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        mean = (1 - mu[t]) * g / (1 - products[t]) + mu[t + 1] * m / (1 - products[t + 1])
        w = w - rate * mean / (np.sqrt(v / (1 - beta_2 ** (t + 1))) + epsilon)
    return w


@pytest.mark.parametrize("decay", [0.0, 0.004, 0.1, 1.0])
def test_the_rule(decay):
    gradients = np.random.default_rng(3).normal(size=(40, 5)).astype("float32")
    weight = deepkit.Variable(np.ones(5, "float32"))
    optimizer = Nadam(0.02, schedule_decay=decay)
    for gradient in gradients:
        optimizer.apply([gradient], [weight])
    wanted = older_nadam(np.ones(5), gradients.astype("float64"), 0.02, decay)
    # Forty steps in float32.
    np.testing.assert_allclose(np.asarray(weight), wanted, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(
    ("steps", "decay", "beta_1"),
    [(0, 1.0, 0.9), (7, 0.004, 0.9), (60, 1.0, 0.9), (90, 0.0, 0.99), (30_000, 1.0, 0.9999)],
)
def test_the_product_after_some_steps(steps, decay, beta_1):
    optimizer = Nadam(0.02, beta_1=beta_1, schedule_decay=decay)
    optimizer.build([deepkit.Variable(1.0)])
    [(_, after)] = optimizer.state_after_steps()
    np.testing.assert_allclose(after(steps), np.prod(momenta(steps, decay, beta_1)), rtol=1e-9)


@pytest.mark.parametrize("decay", [0.0, 1e-9, 0.004, 0.05, 1.0, 1e9])
@pytest.mark.parametrize("beta_1", [0.0, 0.9, 1 - 1e-9])
def test_any_number_of_steps_takes_no_time(decay, beta_1):
    """It may come from a file."""
    optimizer = Nadam(0.02, beta_1=beta_1, schedule_decay=decay)
    optimizer.build([deepkit.Variable(1.0)])
    [(_, after)] = optimizer.state_after_steps()
    assert 0.0 <= after(2**31 - 1) < 1.0


def test_configs():
    assert "decay" not in Nadam(0.02).get_config()
    config = Nadam(0.02, schedule_decay=0.004).get_config()
    assert config["decay"] == 0.004
    assert Nadam.from_config(config).schedule_decay == 0.004
    assert Nadam.from_config(config).get_config() == config


def test_keras_reads_the_config():
    config = deepkit.optimizers.serialize(Nadam(0.02, beta_1=0.8, schedule_decay=0.004))
    with oracle(), pytest.warns(UserWarning, match="`decay` is no longer supported"):
        theirs = keras.optimizers.deserialize(config)
    assert theirs.beta_1 == 0.8


def test_values_that_are_none():
    with pytest.raises(ArgumentError, match="`schedule_decay` to be a number of at least 0"):
        Nadam(schedule_decay=-1)
