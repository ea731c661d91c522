"""Learning rates that change: by epoch, by what is monitored, by step."""

import math

import numpy as np
import pytest

import deepkit
from deepkit import callbacks, optimizers
from deepkit.optimizers import schedules
from tests.programs.data import regression
from tests.programs.running import assert_trains_like_keras

X, Y = regression()


def small_model(k, learning_rate=0.01, trainable=True):
    model = k.Sequential([k.layers.Dense(6, activation="relu"), k.layers.Dense(1)])
    model.trainable = trainable
    model.compile(loss="mse", optimizer=k.optimizers.SGD(learning_rate))
    return model


def exponential_decay(lr0, s):
    def exponential_decay_fn(epoch):
        return lr0 * 0.1 ** (epoch / s)

    return exponential_decay_fn


def exponential_decay_from_before(epoch, lr):
    return lr * 0.1 ** (1 / 20)


def piecewise_constant(boundaries, values):
    def piecewise_constant_fn(epoch):
        return values[np.searchsorted(boundaries, epoch, side="right")]

    return piecewise_constant_fn


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (exponential_decay(0.02, 20), [0.02 * 0.1 ** (epoch / 20) for epoch in range(5)]),
        (exponential_decay_from_before, [0.01 * 0.1 ** (epoch / 20) for epoch in range(1, 6)]),
        (piecewise_constant([2, 4], [0.01, 0.005, 0.001]), [0.01, 0.01, 0.005, 0.005, 0.001]),
    ],
    ids=["of the epoch", "of the rate before", "piecewise"],
)
def test_rates_by_epoch(schedule, expected):
    model = small_model(deepkit)
    scheduler = callbacks.LearningRateScheduler(schedule)
    history = model.fit(X, Y, epochs=5, callbacks=[scheduler], verbose=0).history
    np.testing.assert_allclose(history["learning_rate"], expected, rtol=1e-6)
    assert float(model.optimizer.learning_rate) == pytest.approx(expected[-1])


def test_rates_by_epoch_are_used():
    def program(k):
        model = small_model(k)
        scheduler = k.callbacks.LearningRateScheduler(exponential_decay(0.02, 3))
        fit = model.fit
        model.fit = lambda *args, **kwargs: fit(*args, callbacks=[scheduler], **kwargs)
        return model

    assert_trains_like_keras(program, X, Y, epochs=4)


def test_rates_fall_on_a_plateau():
    model = small_model(deepkit, learning_rate=0.5, trainable=False)  # its loss stays as it is
    plateau = callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2, min_lr=0.1)
    history = model.fit(X, Y, epochs=9, callbacks=[plateau], verbose=0).history
    # Logged before the rate falls: after two epochs without a better loss than the first.
    expected = [0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.1, 0.1]
    np.testing.assert_allclose(history["learning_rate"], expected)


def _steps(optimizer, count):
    """How far each of some steps moves a weight whose gradient is 1."""
    weight = deepkit.Variable(0.0)
    places = [0.0]
    for _ in range(count):
        optimizer.apply([deepkit.ops.array(1.0)], [weight])
        places.append(float(weight))
    return -np.diff(places)


STEPS = np.arange(8)
BY_STEP = {
    "exponential": (schedules.ExponentialDecay(0.1, 4, 0.5), 0.1 * 0.5 ** (STEPS / 4)),
    "staircase": (
        schedules.ExponentialDecay(0.1, 4, 0.5, staircase=True),
        0.1 * 0.5 ** (STEPS // 4),
    ),
    "piecewise": (
        schedules.PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01]),
        [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.01, 0.01],
    ),
    "power": (schedules.InverseTimeDecay(0.1, 4, 1.0), 0.1 / (1 + STEPS / 4)),
    "polynomial": (
        schedules.PolynomialDecay(0.1, 4, 0.02),
        np.maximum(0.1 - 0.02 * STEPS, 0.02),
    ),
    "cosine": (
        schedules.CosineDecay(0.1, 4),
        0.05 * (1 + np.cos(np.pi * np.minimum(STEPS, 4) / 4)),
    ),
    "cosine with warm-up": (
        schedules.CosineDecay(0.0, 4, warmup_target=0.1, warmup_steps=2),
        [0.0, 0.05, *(0.05 * (1 + np.cos(np.pi * np.minimum(np.arange(6), 4) / 4)))],
    ),
    "cosine with restarts": (
        schedules.CosineDecayRestarts(0.1, 2, t_mul=2.0, m_mul=0.5),
        [
            *(0.05 * (1 + np.cos(np.pi * np.arange(2) / 2))),
            *(0.025 * (1 + np.cos(np.pi * np.arange(4) / 4))),
            *(0.0125 * (1 + np.cos(np.pi * np.arange(2) / 8))),
        ],
    ),
}


@pytest.mark.parametrize("name", BY_STEP)
def test_rates_by_step(name):
    schedule, expected = BY_STEP[name]
    # Differences of float32 places.
    steps = _steps(optimizers.SGD(schedule), 8)
    np.testing.assert_allclose(steps, expected, rtol=0, atol=5e-7)


def test_a_schedule_of_ones_own_is_used_in_fit_and_saved(tmp_path):
    class InverseSquareRoot(schedules.LearningRateSchedule):
        def __init__(self, initial_learning_rate):
            self.initial_learning_rate = initial_learning_rate

        def __call__(self, step):
            step = deepkit.ops.cast(step, "float32")
            return self.initial_learning_rate / deepkit.ops.sqrt(step + 1.0)

        def get_config(self):
            return {"initial_learning_rate": self.initial_learning_rate}

    model = small_model(deepkit, InverseSquareRoot(0.01))
    model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 8
    model.save(tmp_path / "model.keras")
    loaded = deepkit.models.load_model(
        tmp_path / "model.keras", custom_objects={"InverseSquareRoot": InverseSquareRoot}
    )
    for each in (model, loaded):
        assert float(each.optimizer.learning_rate) == pytest.approx(0.01 / 3)


class OneCycleScheduler(callbacks.Callback):
    """The rate rises to a maximum at half time, falls back, and ends close to zero."""

    def __init__(self, iterations, max_lr=1e-2, start_lr=None, last_iterations=None, last_lr=None):
        super().__init__()
        self.iterations, self.max_lr = iterations, max_lr
        self.start_lr = start_lr or max_lr / 10
        self.last_iterations = last_iterations or iterations // 10 + 1
        self.half_iteration = (iterations - self.last_iterations) // 2
        self.last_lr = last_lr or self.start_lr / 1000
        self.iteration = 0
        self.used = []

    def _interpolate(self, iter1, iter2, lr1, lr2):
        return (lr2 - lr1) * (self.iteration - iter1) / (iter2 - iter1) + lr1

    def on_batch_begin(self, batch, logs=None):
        half, end = self.half_iteration, 2 * self.half_iteration
        if self.iteration < half:
            lr = self._interpolate(0, half, self.start_lr, self.max_lr)
        elif self.iteration < end:
            lr = self._interpolate(half, end, self.max_lr, self.start_lr)
        else:
            lr = self._interpolate(end, self.iterations, self.start_lr, self.last_lr)
        self.iteration += 1
        self.model.optimizer.learning_rate = lr
        self.used.append(float(self.model.optimizer.learning_rate))


def test_one_cycle():
    steps = math.ceil(len(X) / 16) * 5
    one_cycle = OneCycleScheduler(steps, max_lr=0.05)
    model = small_model(deepkit)
    history = model.fit(X, Y, batch_size=16, epochs=5, callbacks=[one_cycle], verbose=0).history
    expected = np.interp(np.arange(20), [0, 8, 16, 20], [0.005, 0.05, 0.005, 0.000005])
    np.testing.assert_allclose(one_cycle.used, expected, rtol=1e-6)
    assert history["loss"][-1] < history["loss"][0]


def test_one_cycle_moves_the_weights_by_its_rates():
    one_cycle = OneCycleScheduler(12, max_lr=0.05)
    model = deepkit.Sequential(
        [deepkit.Input((1,)), deepkit.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    ones = np.ones((12, 1), "float32")
    model.compile(loss=lambda y_true, y_pred: y_pred, optimizer=optimizers.SGD(0.01))
    model.fit(ones, ones, batch_size=1, epochs=1, callbacks=[one_cycle], verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [[-sum(one_cycle.used)]], rtol=1e-5)


def test_looking_for_a_rate():
    class ExponentialLearningRate(callbacks.Callback):
        """Raise the rate by a factor after each batch, and note the losses."""

        def __init__(self, factor):
            super().__init__()
            self.factor, self.rates, self.losses = factor, [], []

        def on_epoch_begin(self, epoch, logs=None):
            self.sum_of_epoch_losses = 0.0

        def on_batch_end(self, batch, logs=None):
            mean_epoch_loss = float(logs["loss"])  # the epoch's so far
            new_sum = mean_epoch_loss * (batch + 1)
            self.losses.append(new_sum - self.sum_of_epoch_losses)
            self.sum_of_epoch_losses = new_sum
            self.rates.append(float(self.model.optimizer.learning_rate))
            self.model.optimizer.learning_rate = self.rates[-1] * self.factor

    finder = ExponentialLearningRate(1.5)
    model = small_model(deepkit, learning_rate=1e-3)
    model.build((None, 8))
    before = float(np.mean((model.predict(X[:16], verbose=0) - Y[:16]) ** 2))
    model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, callbacks=[finder], verbose=0)
    np.testing.assert_allclose(finder.rates, 1e-3 * 1.5 ** np.arange(8), rtol=1e-5)
    np.testing.assert_allclose(finder.losses[0], before, rtol=1e-5)
    assert len(finder.losses) == 8
