"""Layers of one's own: without weights, with weights, of several inputs, active in training."""

import numpy as np
import pytest

import deepkit
from deepkit import layers, ops
from tests.oracle import keras, oracle
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files, assert_trains_like_keras


class MyDense(layers.Layer):
    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = deepkit.activations.get(activation)

    def build(self, batch_input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=[batch_input_shape[-1], self.units], initializer="glorot_normal"
        )
        self.bias = self.add_weight(name="bias", shape=[self.units], initializer="zeros")
        super().build(batch_input_shape)

    def call(self, X):
        return self.activation(X @ self.kernel + self.bias)

    def compute_output_shape(self, batch_input_shape):
        return tuple(batch_input_shape.as_list()[:-1] + [self.units])

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": deepkit.activations.serialize(self.activation),
        }


class MyMultiLayer(layers.Layer):
    def call(self, X):
        X1, X2 = X
        return X1 + X2, X1 * X2, X1 / X2

    def compute_output_shape(self, batch_input_shapes):
        batch_input_shape1, batch_input_shape2 = batch_input_shapes
        return [batch_input_shape1, batch_input_shape1, batch_input_shape2]


class MyGaussianNoise(layers.Layer):
    def __init__(self, stddev, **kwargs):
        super().__init__(**kwargs)
        self.stddev = stddev
        self.seeds = deepkit.random.SeedGenerator()

    def call(self, X, training=None):
        if training:
            noise = deepkit.random.normal(ops.shape(X), stddev=self.stddev, seed=self.seeds)
            return X + noise
        return X


class UnseededNoise(layers.Layer):
    def call(self, X, training=None):
        return X + deepkit.random.normal(ops.shape(X)) if training else X


CUSTOM_OBJECTS = {
    "MyDense": MyDense,
    "MyMultiLayer": MyMultiLayer,
    "MyGaussianNoise": MyGaussianNoise,
}


def test_a_function_as_a_layer():
    layer = layers.Lambda(ops.exp)
    np.testing.assert_allclose(layer(np.float32([-1, 0, 1])), np.exp([-1, 0, 1]), rtol=1e-6)


def test_training_through_a_function_as_a_layer(tmp_path):
    def program(k):
        model = k.Sequential(
            [
                k.Input((8,)),
                k.layers.Dense(6, activation="relu"),
                k.layers.Dense(1),
                k.layers.Lambda(k.ops.exp),
            ]
        )
        model.compile(loss="mse", optimizer=k.optimizers.SGD(0.001))
        return model

    x, y = regression()
    model = assert_trains_like_keras(program, x, y)
    assert_goes_through_files(model, tmp_path, {}, x, y)


def test_a_dense_layer_of_ones_own_is_dense():
    x, _ = regression()
    mine = MyDense(5, activation="tanh")
    output = mine(x)
    kernel, bias = mine.get_weights()
    np.testing.assert_allclose(output, np.tanh(x @ kernel + bias), rtol=1e-5, atol=1e-6)
    assert [v.name for v in mine.trainable_variables] == ["kernel", "bias"]
    assert mine.built and mine.count_params() == 45


def test_shapes_have_as_list():
    layer = MyDense(5)
    drawn = layer(deepkit.Input((8,)))
    assert drawn.shape == (None, 5) and drawn.shape.as_list() == [None, 5]
    assert layer.compute_output_shape(deepkit.Input((3, 8)).shape) == (None, 3, 5)


def test_training_own_dense_layers_is_training_those_of_keras(tmp_path):
    def program(k):
        dense = MyDense if k is deepkit else k.layers.Dense
        model = k.Sequential([dense(6, activation="relu"), dense(1)])
        model.compile(loss="mse", optimizer=k.optimizers.Nadam(0.01))
        return model

    x, y = regression()
    model = assert_trains_like_keras(program, x, y)
    assert_goes_through_files(model, tmp_path, CUSTOM_OBJECTS, x, y)


def test_a_layer_of_several_inputs_and_outputs():
    a, b = np.float32([[3, 6, 9]]), np.float32([[1, 2, 3]])
    for outputs in (MyMultiLayer()((a, b)), MyMultiLayer()([a, b])):
        np.testing.assert_array_equal(np.stack(outputs), [[[4, 8, 12]], [[3, 12, 27]], [[3, 3, 3]]])


def test_a_layer_of_several_inputs_in_a_drawn_model(tmp_path):
    def program(k):
        left, right = k.Input((8,)), k.Input((8,))
        multi = MyMultiLayer() if k is deepkit else _multi_layer_of_keras()
        total, product, quotient = multi((left, right))
        assert [tuple(t.shape) for t in (total, product, quotient)] == [(None, 8)] * 3
        joined = k.layers.Concatenate()([total, product, quotient])
        model = k.Model([left, right], k.layers.Dense(1)(joined))
        model.compile(loss="mse", optimizer=k.optimizers.SGD(0.001))
        return model

    x, y = regression()
    inputs = [x, np.abs(x) + 1]
    model = assert_trains_like_keras(program, inputs, y)
    assert_goes_through_files(model, tmp_path, CUSTOM_OBJECTS, inputs, y)


def _multi_layer_of_keras():
    class Multi(keras.layers.Layer):
        def call(self, X):
            return X[0] + X[1], X[0] * X[1], X[0] / X[1]

    return Multi()


def test_noise_in_training_only():
    deepkit.utils.set_random_seed(4)
    x = np.zeros((1000, 8), "float32")
    layer = MyGaussianNoise(0.5)
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer(x, training=False), x)
    first, second = (np.asarray(layer(x, training=True)) for _ in range(2))
    # 8,000 draws: the deviation's standard error is below 1%, the mean's 0.0056.
    np.testing.assert_allclose(first.std(), 0.5, rtol=0.04)
    assert abs(first.mean()) < 0.025
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("make", [lambda: MyGaussianNoise(1.0), UnseededNoise])
def test_noise_differs_from_step_to_step_in_fit_and_repeats_with_the_seed(make):
    class Outputs(deepkit.metrics.Metric):
        """The squared outputs of two steps, apart."""

        def __init__(self):
            super().__init__(name="outputs")
            self.last = self.add_weight("last", initializer="zeros")
            self.distance = self.add_weight("distance", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            now = ops.mean(y_pred)
            self.distance.assign_add(ops.abs(now - self.last))
            self.last.assign(now)

        def result(self):
            return {"last": self.last.value, "distance": self.distance.value}

    def run():
        deepkit.utils.set_random_seed(7)
        model = deepkit.Sequential([deepkit.Input((2,)), make()])
        model.compile(loss="mse", optimizer="sgd", metrics=[Outputs()])
        x = np.zeros((12, 2), "float32")
        return model.fit(x, x, batch_size=4, epochs=3, shuffle=False, verbose=0).history

    first, second = run(), run()
    assert first == second
    assert len(set(first["last"])) == 3
    assert all(distance > abs(last) for distance, last in zip(first["distance"], first["last"]))


def test_noise_is_still_drawn_by_a_loaded_model(tmp_path):
    x, _ = regression()
    model = deepkit.Sequential([deepkit.Input((8,)), MyGaussianNoise(0.5), MyDense(1)])
    model.compile(loss="mse", optimizer="sgd")
    model.save(tmp_path / "model.keras")
    loaded = deepkit.models.load_model(tmp_path / "model.keras", custom_objects=CUSTOM_OBJECTS)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.layers[0].stddev == 0.5
    assert (np.asarray(loaded(x, training=True)) != model.predict(x, verbose=0)).all()


def test_keras_gaussian_noise_and_ours_leave_inference_alone():
    x, _ = regression()
    with oracle():
        expected = np.asarray(keras.layers.GaussianNoise(0.2)(x, training=False))
    np.testing.assert_array_equal(layers.GaussianNoise(0.2)(x, training=False), expected)
