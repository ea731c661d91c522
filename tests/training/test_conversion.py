"""Code of users whose control flow depends on tensors, in fit, evaluate, predict and building."""

import jax
import numpy as np
import pytest

import deepkit
from deepkit import ops

X = np.linspace(-2, 2, 24, dtype="float32").reshape(8, 3)
Y = X.sum(1, keepdims=True)


class Switching(deepkit.layers.Layer):
    """Takes one of two ways, and halves until the values are small."""

    def __init__(self):
        super().__init__()
        self.dense = deepkit.layers.Dense(1, kernel_initializer="ones")

    def call(self, x):
        y = self.dense(x)
        if ops.mean(y) > 0:
            y = y * 2
        else:
            y = y - 1
        while ops.max(ops.abs(y)) > 1:
            y = y / 2
        return y


def by_numpy(x):
    y = x.sum(1, keepdims=True)
    y = y * 2 if y.mean() > 0 else y - 1
    while np.abs(y).max() > 1:
        y = y / 2
    return y


def test_predict_takes_the_ways_of_its_batches():
    model = deepkit.Sequential([deepkit.Input((3,)), Switching()])
    expected = np.concatenate([by_numpy(X[:4]), by_numpy(X[4:])])
    np.testing.assert_allclose(model.predict(X, batch_size=4, verbose=0), expected, rtol=1e-5)
    inputs = deepkit.Input((3,))
    drawn = deepkit.Model(inputs, Switching()(inputs))
    np.testing.assert_allclose(drawn.predict(X, batch_size=4, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(drawn(X[4:]), expected[4:], rtol=1e-5)


def test_fit_trains_through_branches_losses_and_metrics():
    seen = []

    class Half(deepkit.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = deepkit.layers.Dense(1)

        def call(self, x):
            y = self.dense(x)
            return y if ops.mean(y) > 0 else y * 0.5

    def loss(y_true, y_pred):
        seen.append("loss")
        error = ops.mean(ops.square(y_true - y_pred), -1)
        if ops.max(error) > 100.0:
            error = ops.sqrt(error)
        return error

    def metric(y_true, y_pred):
        if ops.mean(y_true) > 0:
            return ops.ones_like(y_true)
        return ops.zeros_like(y_true)

    model = deepkit.Sequential([Half()])
    model.compile("adam", loss, metrics=[metric])
    history = model.fit(X, Y, batch_size=4, epochs=30, verbose=0, shuffle=False)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert history.history["metric"] == [0.5] * 30
    logs = model.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True)
    assert logs["metric"] == 0.5
    assert len(seen) < 12


def test_a_train_step_may_have_loops_on_tensors():
    class Repeating(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = deepkit.layers.Dense(1)
            self.turns = deepkit.Variable(0, dtype="int32", trainable=False)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data
            loss = ops.mean(ops.square(y - self(x)))
            turns = ops.cast(0, "int32")
            while loss > 1e-3:
                loss = loss / 2
                turns += 1
            self.turns.assign(turns)
            return {"loss": loss, "turns": turns}

    model = Repeating()
    model.compile("sgd")
    logs = model.fit(X, Y, batch_size=8, verbose=0).history
    assert 0 < logs["loss"][0] <= 1e-3 and int(model.turns) == logs["turns"][0] > 5


def test_what_conversion_does_not_help_is_explained_as_before():
    class Wrong(deepkit.layers.Layer):
        def call(self, x):
            return x * [1.0, 2.0][ops.argmax(ops.mean(x, 0))]

    with pytest.raises(jax.errors.TracerIntegerConversionError):
        deepkit.Sequential([deepkit.Input((3,)), Wrong()])

    class Step(deepkit.Model):
        def train_step(self, data):
            return {"loss": [1.0, 2.0][ops.argmax(ops.mean(data[0], 0))]}

    model = Step()
    model.compile("sgd")
    with pytest.raises(jax.errors.TracerIntegerConversionError):
        model.fit(X, Y, verbose=0)
