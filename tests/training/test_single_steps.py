"""Single steps on batches: metrics that begin anew, and what makes a new program."""

import numpy as np
import pytest

import deepkit

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def chain(**arguments):
    model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", "metrics": ["mae"], **arguments})
    return model


def kinds(model):
    return [kind for kind, _ in model._trainer.programs._by_key]


def test_metrics_are_those_of_the_batch_alone():
    model = chain(optimizer=deepkit.optimizers.SGD(0.0))
    for rows in (slice(0, 4), slice(4, 8), slice(0, 8)):
        error = X[rows] @ model.get_weights()[0] - Y[rows]
        expected = [np.mean(error**2), np.mean(np.abs(error))]
        # Float32 sums of few numbers.
        np.testing.assert_allclose(model.train_on_batch(X[rows], Y[rows]), expected, rtol=1e-5)
        np.testing.assert_allclose(model.test_on_batch(X[rows], Y[rows]), expected, rtol=1e-5)
    assert kinds(model) == ["train_afresh", "test_afresh"]


def test_steps_after_fit_begin_anew():
    model = chain(optimizer=deepkit.optimizers.SGD(0.0))
    first = model.train_on_batch(X, Y)
    model.fit(X[:3], Y[:3], epochs=2, verbose=0)
    np.testing.assert_allclose(model.train_on_batch(X, Y), first, rtol=1e-6)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), first, rtol=1e-6)


def test_a_reset_of_the_users_runs_in_each_step():
    class Counting(deepkit.metrics.Mean):
        resets = 0

        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_pred * 0.0 + 3.0)

        def reset_state(self):
            Counting.resets += 1
            super().reset_state()

    model = chain(metrics=[Counting(name="count")])
    model.train_on_batch(X, Y)
    before = Counting.resets
    for _ in range(3):
        assert model.train_on_batch(X, Y)[1] == 3.0
    assert Counting.resets == before + 3
    assert kinds(model) == ["train"]


def test_a_reset_that_is_put_on_one_metric_runs_in_each_step():
    metric = deepkit.metrics.MeanAbsoluteError()
    model = chain(metrics=[metric])
    model.train_on_batch(X, Y)
    calls = []
    metric.reset_state = lambda: calls.append(1)
    model.train_on_batch(X, Y)
    model.train_on_batch(X, Y)
    assert len(calls) == 2


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_an_own_step_may_do_with_metrics_what_it_wants(run_eagerly):
    class Own(deepkit.Sequential):
        def train_step(self, data):
            self.seen.update_state(data[0].sum())
            return {"seen": self.seen.result()}

    model = Own([deepkit.Input((3,)), deepkit.layers.Dense(1)])
    model.seen = deepkit.metrics.Sum()
    model.compile(optimizer="sgd", loss="mse", run_eagerly=run_eagerly)
    for scale in (1.0, 2.0, 3.0):
        found = model.train_on_batch(X * np.float32(scale), Y, return_dict=True)
        assert found["seen"] == pytest.approx(scale * X.sum(), rel=1e-5)


def test_freezing_unfreezing_and_compiling_take_effect():
    model = chain()
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert not np.allclose(before[0], model.get_weights()[0])
    model.layers[0].trainable = False
    before = model.get_weights()
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    model.layers[0].trainable = True
    model.train_on_batch(X, Y)
    assert not np.allclose(before[0], model.get_weights()[0])
    model.compile(optimizer="sgd", loss="mae")
    error = np.mean(np.abs(X @ model.get_weights()[0] + model.get_weights()[1] - Y))
    assert model.test_on_batch(X, Y) == pytest.approx(error, rel=1e-5)


def test_a_new_global_generator_is_drawn_from():
    class Noisy(deepkit.layers.Layer):
        def call(self, x):
            return x + deepkit.random.normal(x.shape)

    model = deepkit.Sequential([deepkit.Input((3,)), Noisy(), deepkit.layers.Dense(1)])
    model.compile(optimizer=deepkit.optimizers.SGD(0.0), loss="mse")
    runs = []
    for _ in range(2):
        deepkit.utils.set_random_seed(3)
        runs.append([model.train_on_batch(X, Y) for _ in range(3)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3
