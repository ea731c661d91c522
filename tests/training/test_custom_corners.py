"""Corners of training by hand: mixed precision, schedules, frozen parts, files, errors, Ctrl-C."""

import os
import signal

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 6)).astype("float32")
Y = (X[:, :1] * X[:, 1:2] + X[:, 2:3]).astype("float32")


def net(**options):
    deepkit.utils.set_random_seed(5)
    return deepkit.Sequential(
        [deepkit.Input((6,)), layers.Dense(8, "relu", **options), layers.Dense(1, **options)]
    )


def gradients_of(model, x=X, y=Y):
    with deepkit.GradientTape() as tape:
        loss = ops.mean(ops.square(model(x) - y))
    return tape.gradient(loss, model.trainable_variables)


def assert_close(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_step_whose_scaled_gradients_overflow_is_left_out():
    model = net(dtype="mixed_float16")
    optimizer = deepkit.optimizers.LossScaleOptimizer(
        deepkit.optimizers.SGD(0.1), initial_scale=2.0**15
    )

    @deepkit.function
    def step(x, y):
        with deepkit.GradientTape() as tape:
            loss = ops.mean(ops.square(ops.cast(model(x), "float32") - y))
            scaled = optimizer.scale_loss(loss)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(scaled, variables), variables))
        return loss

    step(X, Y)
    before = model.get_weights()
    scale = float(optimizer.dynamic_scale)
    step(1000 * X, Y)
    assert float(optimizer.dynamic_scale) == scale / 2
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    step(X, Y)
    assert max(np.abs(a - b).max() for a, b in zip(before, model.get_weights())) > 1e-4


def test_a_tape_around_training_and_prediction_sees_the_weights_that_they_leave():
    model = net()
    model.compile("sgd", "mse")
    with deepkit.GradientTape() as tape:
        model.fit(X, Y, verbose=0)
        model.train_on_batch(X, Y)
        model.predict(X, verbose=0)
        model.evaluate(X, Y, verbose=0)
        loss = ops.mean(ops.square(model(X) - Y))
    assert_close(tape.gradient(loss, model.trainable_variables), gradients_of(model))


def test_a_layer_that_returns_a_gradient_is_trained():
    """Its output is 2 x w², whose derivative by w is known."""

    class Slope(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight("w", (input_shape[-1],), initializer="ones")

        def call(self, x):
            with deepkit.GradientTape() as tape:
                tape.watch(x)
                y = ops.square(x * self.w)
            return tape.gradient(y, x)

    for model in (deepkit.Sequential([Slope()]), None):
        if model is None:
            inputs = deepkit.Input((6,))
            model = deepkit.Model(inputs, Slope()(inputs))
        model.compile(deepkit.optimizers.SGD(0.1), "mse")
        model.fit(X, np.zeros_like(X), batch_size=48, verbose=0)
        slopes = np.mean(2 * (2 * X) * (4 * X), axis=0) / 6
        np.testing.assert_allclose(model.weights[0], 1 - 0.1 * slopes, rtol=1e-5)


@pytest.mark.parametrize("decorate", [lambda step: step, deepkit.function], ids=["eager", "fn"])
def test_variables_of_a_model_that_is_built_in_the_first_step(decorate):
    class Late(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, kernel_initializer="ones")

        def call(self, x):
            return self.dense(x)

    model, optimizer = Late(), deepkit.optimizers.SGD(0.1)
    assert model.trainable_variables == []

    @decorate
    def step(x, y):
        optimizer.apply_gradients(zip(gradients_of(model, x, y), model.trainable_variables))

    step(X, Y)
    assert int(optimizer.iterations) == 1
    slopes = 2 * (X.sum(axis=1, keepdims=True) - Y) / 48
    assert_close(model.get_weights(), [1 - 0.1 * X.T @ slopes, -0.1 * slopes.sum(axis=0)])


def test_gradients_that_do_not_exist_are_left_out_with_a_warning():
    used, unused = deepkit.Variable(1.0, name="used"), deepkit.Variable(2.0, name="unused")
    optimizer = deepkit.optimizers.SGD(0.1)

    @deepkit.function
    def step():
        with deepkit.GradientTape() as tape:
            loss = used * used
        pairs = list(zip(tape.gradient(loss, [used, unused]), [used, unused]))
        optimizer.apply_gradients(pairs)
        return pairs[1][0]

    with pytest.warns(UserWarning, match=r"do not exist for the variables \['unused'\]"):
        assert step() is None
    step()  # traced already: warned once
    np.testing.assert_allclose([float(used), float(unused)], [0.64, 2.0], rtol=1e-6)


def test_the_gradient_of_an_embedding_is_an_array():
    embedding = layers.Embedding(7, 3)
    ids = np.array([[1, 2, 1], [6, 1, 0]])

    @deepkit.function
    def find(ids):
        with deepkit.GradientTape() as tape:
            loss = ops.sum(embedding(ids) * jnp.arange(1.0, 4.0))
        return tape.gradient(loss, embedding.trainable_variables)

    expected = np.zeros((7, 3), "float32")
    np.add.at(expected, ids, np.arange(1.0, 4.0))
    np.testing.assert_array_equal(find(ids)[0], expected)


def test_metrics_are_reset_inside_of_a_function():
    mean, best = deepkit.metrics.Mean(), deepkit.metrics.MeanAbsoluteError()

    @deepkit.function
    def rate(values, start_anew):
        if start_anew:
            mean.reset_state()
            best.reset_state()
        mean.update_state(values)
        best.update_state(values, 0 * values)
        return mean.result()

    start, go_on = jnp.asarray(True), jnp.asarray(False)
    calls = [(2.0, start), (4.0, go_on), (6.0, go_on), (8.0, start), (10.0, go_on)]
    found = [float(rate(jnp.full(3, value), anew)) for value, anew in calls]
    assert found == [2.0, 3.0, 4.0, 8.0, 9.0]
    assert float(mean.result()) == float(best.result()) == 9.0
    assert rate.experimental_get_tracing_count() == 1


def test_learning_rates_that_change_between_calls():
    schedule = deepkit.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    scheduled, plain = deepkit.optimizers.SGD(schedule), deepkit.optimizers.SGD(0.1)

    def made():
        weight = deepkit.Variable(0.0)

        @deepkit.function
        def step(optimizer):
            optimizer.apply_gradients([(-1.0, weight)])

        return weight, step

    weight, step = made()
    for _ in range(3):
        step(scheduled)
    np.testing.assert_allclose(weight, 0.1 * (1 + 0.5**0.5 + 0.5), rtol=1e-6)
    weight, step = made()
    step(plain)
    plain.learning_rate.assign(0.25)
    step(plain)
    plain.learning_rate = 0.5
    step(plain)
    np.testing.assert_allclose(weight, 0.85, rtol=1e-6)
    assert step.experimental_get_tracing_count() == 1


@deepkit.saving.register_keras_serializable(package="tests")
class Taped(deepkit.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    @deepkit.function
    def train_step(self, data):
        x, y = data
        with deepkit.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}


def test_a_model_with_a_step_of_its_own_goes_on_after_loading(tmp_path):
    model = Taped()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = deepkit.models.load_model(tmp_path / "model.keras")
    histories = [
        made.fit(X, Y, epochs=3, shuffle=False, verbose=0).history["loss"]
        for made in (model, loaded)
    ]
    assert histories[0] == histories[1]
    assert int(loaded.optimizer.iterations) == 8


def test_an_error_inside_leaves_nothing_behind():
    weight = deepkit.Variable(3.0)

    @deepkit.function
    def fail(x):
        with deepkit.GradientTape() as tape:
            tape.watch(x)
            weight.assign(weight * x)
            raise KeyError("mine")

    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            fail(jnp.asarray(2.0))
        with deepkit.GradientTape() as tape, pytest.raises(KeyError, match="mine"):
            fail(jnp.asarray(2.0))
        loss = weight * weight
        assert tape.gradient(loss, weight) is None  # computed after the block
        with deepkit.GradientTape() as tape:
            loss = weight * weight
        assert float(tape.gradient(loss, weight)) == 6.0


def test_code_that_is_defined_again_uses_what_there_is():
    """As a cell of a notebook that runs twice: the same variables, a new function."""
    weight, optimizer = deepkit.Variable(0.0), deepkit.optimizers.SGD(1.0, momentum=0.5)

    def cell(slope):
        @deepkit.function
        def step():
            with deepkit.GradientTape() as tape:
                loss = -slope * weight
            optimizer.apply_gradients([(tape.gradient(loss, weight), weight)])

        step()

    cell(1.0)
    cell(2.0)
    assert float(weight) == 1.0 + (0.5 + 2.0)


def test_a_function_in_the_place_of_call():
    model, plain = net(), net()
    model.call = deepkit.function(model.call)
    assert_close([model(X)], [plain(X)])
    assert_close(gradients_of(model), gradients_of(plain))
    for each in (model, plain):
        each.compile("sgd", "mse")
        each.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    assert_close(model.get_weights(), plain.get_weights())


def test_ctrl_c_between_steps_leaves_all_whole():
    model, optimizer = net(), deepkit.optimizers.Adam(0.01)

    @deepkit.function
    def step(x, y):
        optimizer.apply_gradients(zip(gradients_of(model, x, y), model.trainable_variables))

    step(X, Y)
    with pytest.raises(KeyboardInterrupt):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
            step(X, Y)
    assert int(optimizer.iterations) < 3
    step(X, Y)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
