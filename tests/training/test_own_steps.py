"""Steps, losses and metrics that users write themselves."""

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import layers

X = np.arange(40, dtype="float32").reshape(10, 4) / 40
Y = X.sum(axis=1, keepdims=True)


class Plain(deepkit.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1, kernel_initializer="ones")

    def call(self, inputs):
        return self.dense(inputs)


def test_a_loss_of_ones_own_with_its_own_metric():
    class Own(Plain):
        def __init__(self):
            super().__init__()
            self.tracker = deepkit.metrics.Mean(name="distance")

        def compute_loss(self, x, y, y_pred, sample_weight=None):  # without `training`
            distance = jnp.mean(jnp.abs(y["target"] - 2 - y_pred))
            self.tracker.update_state(distance)
            return distance

    model = Own()
    model.compile(optimizer=deepkit.optimizers.SGD(0.0))
    data = (X, {"target": Y, "other": Y})
    history = model.fit(*data, batch_size=5, verbose=0).history
    assert history["loss"] == history["distance"] == pytest.approx([2.0])
    assert model.evaluate(*data, verbose=0) == pytest.approx([2.0, 2.0])


def test_a_loss_added_to_the_compiled_one():
    class Own(Plain):
        def compute_loss(self, x, y, y_pred, sample_weight, training):
            base = super().compute_loss(x, y, y_pred, sample_weight, training)
            return base + (10.0 if training else 20.0)

    model = Own()
    model.compile(optimizer=deepkit.optimizers.SGD(0.0), loss="mse")
    assert model.fit(X, Y, verbose=0).history["loss"] == pytest.approx([10.0])
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(20.0)


def test_metrics_computed_in_ones_own_way():
    class Own(Plain):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            results = super().compute_metrics(x, y, y_pred, sample_weight)
            results["double"] = 2 * results["loss"]
            return results

    model = Own()
    model.compile(optimizer=deepkit.optimizers.SGD(0.0), loss="mse", metrics=["mae"])
    history = model.fit(X, Y + 1, batch_size=4, verbose=0).history
    assert {name: values[0] for name, values in history.items()} == pytest.approx(
        {"loss": 1.0, "mae": 1.0, "double": 2.0}
    )


def test_a_model_without_targets():
    class Reconstruct(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(4, kernel_initializer="zeros")

        def call(self, inputs):
            outputs = self.dense(inputs)
            self.add_loss(jnp.mean((outputs - inputs) ** 2))
            return outputs

    model = Reconstruct()
    model.compile(optimizer="sgd")
    expected = (X**2).mean()
    history = model.fit(X, batch_size=5, epochs=2, verbose=0).history["loss"]
    assert history[1] < history[0] <= expected * (1 + 1e-6)
    assert model.evaluate(X, verbose=0) == pytest.approx(float(np.mean((model(X) - X) ** 2)))
    assert len(model.losses) == 1  # those of the last call alone


def step_with(model, data):
    x, y = data
    variables = model.trainable_variables
    loss, gradients = deepkit.value_and_grad(
        lambda: model.compute_loss(x, y, model(x, training=True)), variables
    )()
    model.optimizer.apply_gradients(zip(gradients, variables))
    return loss


def test_a_training_step_of_ones_own_does_what_the_default_one_does():
    class Own(Plain):
        def train_step(self, data):
            loss = step_with(self, data)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
            return {"loss": self.metrics[0].result(), "steps": self.optimizer.iterations}

    default = Plain()
    models = (default, Own())
    for model in models:
        model.compile(optimizer="adam", loss="mse")
        model.fit(X, Y, batch_size=5, epochs=3, shuffle=False, verbose=0)
    # The same program but for the order of sums.
    for mine, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)
    expected = default.history.history["loss"]
    assert models[1].history.history["loss"] == pytest.approx(expected, rel=1e-5)
    assert models[1].history.history["steps"] == [2, 4, 6]
    assert models[1].train_on_batch(X, Y, return_dict=True)["steps"] == 7


def test_losses_of_several_outputs_where_metrics_are_ones_own():
    """`compute_loss` notes the loss of each output, which a list of one's own leaves out."""
    inputs = deepkit.Input((4,))
    outputs = [layers.Dense(1, kernel_initializer="ones")(inputs) for _ in range(2)]

    class Own(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.inner = deepkit.Model(inputs, outputs)
            self.mean = deepkit.metrics.Mean(name="mean")

        def call(self, inputs):
            return self.inner(inputs)

        @property
        def metrics(self):
            return [self.mean]

        def train_step(self, data):
            self.mean.update_state(step_with(self, data))
            return {"mean": self.mean.result()}

    model = Own()
    model.compile(optimizer=deepkit.optimizers.SGD(0.0), loss=["mse", "mae"])
    history = model.fit(X, [Y + 2, Y + 1], batch_size=5, epochs=2, verbose=0).history
    assert history == {"mean": pytest.approx([5.0, 5.0])}


def test_evaluation_and_prediction_of_ones_own():
    class Own(Plain):
        def test_step(self, data):
            x, y = data
            return {"worst": jnp.max(jnp.abs(self(x) - y))}

        def predict_step(self, data):
            x = data[0] if isinstance(data, tuple) else data
            return {"twice": 2 * self(x), "rows": x}

    model = Own()
    model.compile(optimizer="sgd", loss="mse")
    assert model.evaluate(X, Y + 3, verbose=0) == pytest.approx(3.0)
    history = model.fit(X, Y, validation_data=(X, Y), verbose=0).history
    assert list(history) == ["loss", "val_worst"]
    found = model.predict(X, batch_size=4, verbose=0)
    np.testing.assert_array_equal(found["rows"], X)
    np.testing.assert_allclose(found["twice"], 2 * np.asarray(model(X)), rtol=1e-6)


def test_two_optimizers_and_random_numbers():
    class Adversaries(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.maker, self.judge = layers.Dense(4), layers.Dense(1)

        def compile(self, maker_optimizer, judge_optimizer):
            super().compile(optimizer=None)
            self.maker_optimizer, self.judge_optimizer = maker_optimizer, judge_optimizer

        def call(self, noise):
            return self.judge(self.maker(noise))

        def train_step(self, data):
            noise = deepkit.random.normal((8, 2))
            score = jnp.mean(self(noise))
            for part, optimizer in (
                (self.maker, self.maker_optimizer),
                (self.judge, self.judge_optimizer),
            ):
                variables = part.trainable_variables
                _, gradients = deepkit.value_and_grad(lambda: jnp.mean(self(noise)), variables)()
                optimizer.apply(gradients, variables)
            return {"score": score, "noise": noise[0, 0]}

    model = Adversaries()
    model.compile(deepkit.optimizers.Adam(), deepkit.optimizers.SGD())
    history = model.fit(X, batch_size=5, epochs=4, verbose=0).history
    assert int(model.maker_optimizer.iterations) == int(model.judge_optimizer.iterations) == 8
    assert len(set(history["noise"])) == 4


@pytest.mark.parametrize("hold", [list, tuple, lambda made: dict(enumerate(made))])
def test_optimizers_in_containers(hold):
    class Own(Plain):
        def __init__(self):
            super().__init__()
            self.own = hold([deepkit.optimizers.SGD(0.1), deepkit.optimizers.Adam(0.1)])
            self.again = self.own[1]

        def train_step(self, data):
            loss = step_with(self, data)
            variables = self.dense.trainable_variables
            for key in range(2):
                self.own[key].apply([jnp.ones(v.shape) for v in variables], variables)
            return {"loss": loss}

    model = Own()
    model.compile(optimizer=deepkit.optimizers.SGD(0.0), loss="mse")
    model.fit(X, Y, batch_size=5, verbose=0)
    # Two steps down: 0.1 by SGD and, up to its epsilon, 0.1 by Adam.
    np.testing.assert_allclose(model.dense.kernel, np.full((4, 1), 0.6), rtol=1e-5)
    assert [int(model.own[key].iterations) for key in range(2)] == [2, 2]


@pytest.mark.parametrize("rows", [5, 4])
def test_logs_keep_the_order_of_ones_own(rows):
    class Own(Plain):
        def train_step(self, data):
            return {"z": super().train_step(data)["loss"], "a": self.optimizer.iterations}

    model = Own()
    model.compile(optimizer="sgd", loss="mse")
    assert list(model.fit(X, Y, batch_size=rows, verbose=0).history) == ["z", "a"]


def test_logs_of_several_outputs_begin_with_the_loss():
    inputs = deepkit.Input((4,))
    outputs = {"a": layers.Dense(1)(inputs), "b": layers.Dense(1)(inputs)}
    model = deepkit.Model(inputs, outputs)
    model.compile(optimizer="sgd", loss="mse", metrics={"a": ["mae"]})
    history = model.fit(X, {"a": Y, "b": Y}, verbose=0).history
    assert list(history) == ["loss", "a_mae", "a_loss", "b_loss"]


def test_a_step_that_returns_no_dict():
    class Silent(Plain):
        def train_step(self, data):
            step_with(self, data)

    model = Silent()
    model.compile(optimizer="sgd", loss="mse")
    with pytest.raises(deepkit.errors.ArgumentTypeError, match="`train_step` to return a dict"):
        model.fit(X, Y, verbose=0)


def test_a_step_that_changes_a_stray_variable():
    stray = deepkit.Variable(0.0, name="stray")

    class Own(Plain):
        def train_step(self, data):
            stray.assign_add(1.0)
            return super().train_step(data)

    model = Own()
    model.compile(optimizer="sgd", loss="mse")
    with pytest.raises(deepkit.errors.StateError, match=r"\['stray'\], which do not belong"):
        model.fit(X, Y, verbose=0)
    assert float(stray) == 0.0


def test_metrics_updated_in_call_are_logged_and_reset():
    class Watching(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.seen = [deepkit.metrics.Sum(name="rows")]

        def call(self, inputs):
            self.seen[0].update_state(jnp.ones(inputs.shape[0]))
            return self.dense(inputs)

    model = Watching()
    model.compile(optimizer="sgd", loss="mse")
    history = model.fit(X, Y, batch_size=4, epochs=2, validation_data=(X[:7], Y[:7]), verbose=0)
    assert history.history["rows"] == [10.0, 10.0]
    assert history.history["val_rows"] == [7.0, 7.0]


def test_variables_that_call_assigns():
    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            self.count = self.add_weight("count", (), initializer="zeros", trainable=False)

        def call(self, inputs, training=False):
            if training:
                self.count.assign_add(1.0)
            return inputs

    counting = Counting()
    model = deepkit.Sequential([deepkit.Input((4,)), counting, layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    model.evaluate(X, Y, verbose=0)
    assert float(counting.count) == 6.0
