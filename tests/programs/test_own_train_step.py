"""A training step of one's own, in plain stateful style."""

import numpy as np

import deepkit
from deepkit import ops
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files

X, Y = regression(rows=50)  # a partial batch at the end


class OwnStep(deepkit.Model):
    """What `fit` does by default, written out."""

    def __init__(self, units=6, **kwargs):
        super().__init__(**kwargs)
        self.hidden = deepkit.layers.Dense(units, activation="relu")
        self.out = deepkit.layers.Dense(1)
        self.loss_tracker = deepkit.metrics.Mean(name="loss")
        self.mae = deepkit.metrics.MeanAbsoluteError(name="mae")

    def call(self, inputs):
        return self.out(self.hidden(inputs))

    def train_step(self, data):
        x, y = data

        def loss_and_predictions():
            y_pred = self(x, training=True)
            return ops.mean(ops.square(y - y_pred)), y_pred

        variables = self.trainable_variables
        grad = deepkit.value_and_grad(loss_and_predictions, variables, has_aux=True)
        (loss, y_pred), gradients = grad()
        self.optimizer.apply(gradients, variables)
        return self._log(loss, y, y_pred)

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        return self._log(ops.mean(ops.square(y - y_pred)), y, y_pred)

    def _log(self, loss, y, y_pred):
        self.loss_tracker.update_state(loss, sample_weight=float(y.shape[0]))
        self.mae.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}

    @property
    def metrics(self):
        return [self.loss_tracker, self.mae]


def _pair(optimizer):
    own = OwnStep()
    own.compile(optimizer=optimizer())
    own(X[:2])
    plain = deepkit.Sequential(
        [deepkit.Input((8,)), deepkit.layers.Dense(6, activation="relu"), deepkit.layers.Dense(1)]
    )
    plain.compile(optimizer=optimizer(), loss="mse", metrics=["mae"])
    plain.set_weights(own.get_weights())
    return own, plain


def test_it_trains_as_the_default_step_does():
    own, plain = _pair(lambda: deepkit.optimizers.Adam(0.01))
    how = {"epochs": 3, "batch_size": 16, "shuffle": False, "verbose": 0}
    got, expected = (model.fit(X, Y, **how).history for model in (own, plain))
    assert list(got) == ["loss", "mae"]
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], rtol=1e-6, err_msg=name)
    for a, b in zip(own.get_weights(), plain.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert int(own.optimizer.iterations) == 12


def test_its_test_step_is_used():
    own, plain = _pair(deepkit.optimizers.SGD)
    np.testing.assert_allclose(
        own.evaluate(X, Y, verbose=0), plain.evaluate(X, Y, verbose=0), rtol=1e-6
    )


def test_it_runs_eagerly_with_the_same_values():
    own, _ = _pair(deepkit.optimizers.SGD)
    eager, _ = _pair(deepkit.optimizers.SGD)
    eager.set_weights(own.get_weights())
    eager.run_eagerly = True
    how = {"epochs": 1, "batch_size": 25, "shuffle": False, "verbose": 0}
    compiled, plain = (model.fit(X, Y, **how).history for model in (own, eager))
    np.testing.assert_allclose(compiled["loss"], plain["loss"], rtol=1e-6)


def test_two_optimizers_and_a_state_of_its_own():
    class Alternating(deepkit.Model):
        """One optimizer for each layer, in turns that a variable counts."""

        def __init__(self):
            super().__init__()
            self.first = deepkit.layers.Dense(1, use_bias=False, kernel_initializer="ones")
            self.second = deepkit.layers.Dense(1, use_bias=False, kernel_initializer="ones")
            self.turn = self.add_weight("turn", initializer="zeros", trainable=False)

        def compile(self, first_optimizer, **kwargs):
            super().compile(**kwargs)
            self.first_optimizer = first_optimizer

        def call(self, inputs):
            return self.first(inputs) + self.second(inputs)

        def train_step(self, data):
            x, _ = data
            layers = (self.first, self.second)
            for layer, optimizer in zip(layers, (self.first_optimizer, self.optimizer)):
                grad = deepkit.value_and_grad(lambda: ops.mean(self(x)), layer.trainable_variables)
                loss, gradients = grad()
                optimizer.apply(gradients, layer.trainable_variables)
            self.turn.assign_add(1.0)
            return {"loss": loss, "turn": self.turn.value}

    model = Alternating()
    model.compile(deepkit.optimizers.SGD(0.1), optimizer=deepkit.optimizers.SGD(0.01))
    ones = np.ones((8, 1), "float32")
    history = model.fit(ones, ones, batch_size=2, epochs=2, verbose=0).history
    assert history["turn"] == [4.0, 8.0]
    weights = [layer.get_weights()[0].item() for layer in (model.first, model.second)]
    np.testing.assert_allclose(weights, [1 - 8 * 0.1, 1 - 8 * 0.01], rtol=1e-5)


def test_files(tmp_path):
    own, _ = _pair(lambda: deepkit.optimizers.Adam(0.01))
    own.fit(X, Y, epochs=1, verbose=0)
    assert_goes_through_files(own, tmp_path, {"OwnStep": OwnStep}, X, Y)
