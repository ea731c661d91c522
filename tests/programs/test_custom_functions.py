"""An activation, an initializer, a regularizer and a constraint of one's own."""

import math

import numpy as np
import pytest

import deepkit
from deepkit import ops
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files


def my_softplus(z):
    return ops.log(ops.exp(z) + 1.0)


def my_glorot_initializer(shape, dtype="float32"):
    stddev = math.sqrt(2.0 / (shape[0] + shape[1]))
    return deepkit.random.normal(shape, stddev=stddev, dtype=dtype)


def my_l1_regularizer(weights):
    return ops.sum(ops.abs(0.01 * weights))


def my_positive_weights(weights):
    return ops.where(weights < 0.0, ops.zeros_like(weights), weights)


class MySoftplus(deepkit.layers.Layer):
    def call(self, z):
        return my_softplus(z)


class MyGlorotInitializer(deepkit.initializers.Initializer):
    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        return self.gain * my_glorot_initializer(shape, dtype or "float32")

    def get_config(self):
        return {"gain": self.gain}


class MyL1Regularizer(deepkit.regularizers.Regularizer):
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, weights):
        return ops.sum(ops.abs(self.factor * weights))

    def get_config(self):
        return {"factor": self.factor}


class MyPositiveWeights(deepkit.constraints.Constraint):
    def __call__(self, weights):
        return ops.where(weights < 0.0, ops.zeros_like(weights), weights)


FUNCTIONS = (my_softplus, my_glorot_initializer, my_l1_regularizer, my_positive_weights)
CLASSES = (MySoftplus, MyGlorotInitializer, MyL1Regularizer, MyPositiveWeights)
CUSTOM_OBJECTS = {part.__name__: part for part in FUNCTIONS + CLASSES}


def model_of_functions():
    return deepkit.Sequential(
        [
            deepkit.Input((8,)),
            deepkit.layers.Dense(
                1,
                activation=my_softplus,
                kernel_initializer=my_glorot_initializer,
                kernel_regularizer=my_l1_regularizer,
                kernel_constraint=my_positive_weights,
            ),
        ]
    )


def model_of_classes():
    return deepkit.Sequential(
        [
            deepkit.Input((8,)),
            deepkit.layers.Dense(
                1,
                kernel_initializer=MyGlorotInitializer(1.0),
                kernel_regularizer=MyL1Regularizer(0.01),
                kernel_constraint=MyPositiveWeights(),
            ),
            MySoftplus(),
        ]
    )


MODELS = pytest.mark.parametrize("make", [model_of_functions, model_of_classes])


@MODELS
def test_a_step_is_what_the_formulas_say(make):
    x, y = regression(rows=16)
    y = np.abs(y)
    model = make()
    w, b = (array.astype("float64") for array in model.get_weights())
    model.compile(loss="mse", optimizer=deepkit.optimizers.SGD(0.1))

    z = x @ w + b
    error = np.log1p(np.exp(z)) - y
    dz = 2 * error / len(x) / (1 + np.exp(-z))
    loss = np.mean(error**2) + 0.01 * np.abs(w).sum()
    new_w = w - 0.1 * (x.T @ dz + 0.01 * np.sign(w))
    new_b = b - 0.1 * dz.sum(axis=0)
    assert (new_w < 0).any()  # or the constraint would have nothing to do

    history = model.fit(x, y, batch_size=16, epochs=1, shuffle=False, verbose=0)
    # float32 beside float64.
    np.testing.assert_allclose(history.history["loss"], [loss], rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], np.maximum(new_w, 0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], new_b, rtol=1e-4, atol=1e-6)


def test_the_initializer_has_the_spread_that_it_computes():
    deepkit.utils.set_random_seed(3)
    layer = deepkit.layers.Dense(200, kernel_initializer=my_glorot_initializer)
    layer.build((None, 300))
    kernel = layer.get_weights()[0]
    # 60,000 draws: the standard error of the deviation is 0.3%.
    np.testing.assert_allclose(kernel.std(), math.sqrt(2 / 500), rtol=0.015)


def test_the_penalty_is_among_the_losses():
    model = model_of_classes()
    kernel = model.get_weights()[0]
    np.testing.assert_allclose(float(sum(model.losses)), 0.01 * np.abs(kernel).sum(), rtol=1e-6)


@MODELS
def test_files(tmp_path, make):
    x, y = regression()
    model = make()
    model.compile(loss="mse", optimizer="adam")
    model.fit(x, y, epochs=1, verbose=0)
    assert_goes_through_files(model, tmp_path, CUSTOM_OBJECTS, x, y)
