"""Training by hand with a tape: eager, compiled, and by `fit`, with the same numbers."""

import numpy as np
import pytest

import deepkit
from deepkit import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 6)).astype("float32")
Y = (X[:, :1] * X[:, 1:2] + X[:, 2:3]).astype("float32")
SERIES = RNG.normal(size=(48, 5, 3)).astype("float32")
ROWS, EPOCHS = 16, 3


def penalized():
    limits = {"kernel_constraint": "max_norm", "bias_constraint": "non_neg"}
    return deepkit.Sequential(
        [
            deepkit.Input((6,)),
            layers.Dense(16, "relu", kernel_regularizer=deepkit.regularizers.L2(0.02), **limits),
            layers.Dense(8, "tanh", activity_regularizer=deepkit.regularizers.L1(0.01), **limits),
            layers.Dense(1),
        ]
    )


def noisy():
    return deepkit.Sequential(
        [
            deepkit.Input((6,)),
            # Without a bias, whose gradient before a normalization is nothing but rounding errors,
            # of which Adam makes whole steps.
            layers.Dense(16, "relu", use_bias=False),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )


def recurrent():
    return deepkit.Sequential(
        [deepkit.Input((5, 3)), layers.LSTM(6, recurrent_dropout=0.2), layers.Dense(1)]
    )


def two_headed():
    inputs = deepkit.Input((6,))
    hidden = layers.Dense(8, "relu", kernel_regularizer="l2")(inputs)
    heads = [layers.Dense(1, name="value")(hidden), layers.Dense(1, "tanh", name="sign")(hidden)]
    return deepkit.Model(inputs, heads)


def mixed(dtype):
    def make():
        return deepkit.Sequential(
            [
                deepkit.Input((6,)),
                layers.Dense(16, "relu", dtype=dtype, kernel_regularizer="l2"),
                layers.Dropout(0.3, dtype=dtype),
                layers.Dense(1, dtype="float32"),
            ]
        )

    return make


# How a model is made, its data, and how close the ways come: float32 sums in another order; 16-bit
# numbers that XLA rounds, or not, where it joins operations.
MODELS = {
    "penalized": (penalized, X, Y, 1e-5),
    "noisy": (noisy, X, Y, 1e-5),
    "recurrent": (recurrent, SERIES, Y, 1e-5),
    "two_headed": (two_headed, X, [Y, np.sign(Y)], 1e-5),
    "float16": (mixed("mixed_float16"), X, Y, 3e-3),
    "bfloat16": (mixed("mixed_bfloat16"), X, Y, 2e-2),
}
OPTIMIZERS = {
    "sgd": lambda: deepkit.optimizers.SGD(0.02, momentum=0.9),
    "adam": lambda: deepkit.optimizers.Adam(0.003),
}


def made(name, optimizer):
    """A model and its optimizer, the same in each call."""
    deepkit.utils.set_random_seed(7)
    model, optimizer = MODELS[name][0](), OPTIMIZERS[optimizer]()
    if name == "float16":
        optimizer = deepkit.optimizers.LossScaleOptimizer(optimizer)
    return model, optimizer


def batches(x, y):
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        yield x[rows], [part[rows] for part in y] if isinstance(y, list) else y[rows]


def by_hand(name, optimizer, decorate):
    """Trains as people write it in TensorFlow; returns losses of epochs, errors, and weights."""
    _, x, y, _ = MODELS[name]
    model, optimizer = made(name, optimizer)
    loss_function = deepkit.losses.MeanSquaredError()
    mean, error = deepkit.metrics.Mean(), deepkit.metrics.MeanAbsoluteError()

    @decorate
    def step(x, y):
        with deepkit.GradientTape() as tape:
            outputs = model(x, training=True)
            pairs = zip(y, outputs) if isinstance(y, list) else [(y, outputs)]
            loss = sum(loss_function(*pair) for pair in pairs)
            loss = sum(model.losses, start=loss)
            scaled = optimizer.scale_loss(loss)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(scaled, variables), variables))
        for variable in model.variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        mean(loss)
        if not isinstance(y, list):
            error(y, outputs)

    losses, errors = [], []
    for _ in range(EPOCHS):
        for batch in batches(x, y):
            step(*batch)
        losses.append(float(mean.result()))
        errors.append(float(error.result()))
        mean.reset_state()
        error.reset_state()
    return losses, errors, model.get_weights()


def by_fit(name, optimizer):
    _, x, y, _ = MODELS[name]
    model, optimizer = made(name, optimizer)
    several = isinstance(y, list)
    model.compile(optimizer, "mse", metrics=None if several else ["mae"])
    history = model.fit(x, y, batch_size=ROWS, epochs=EPOCHS, shuffle=False, verbose=0).history
    return history["loss"], [0.0] * EPOCHS if several else history["mae"], model.get_weights()


def assert_equal(found, expected, tolerance):
    for mine, other in zip(found, expected, strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_by_hand_eagerly_compiled_and_by_fit_give_the_same_numbers(name, optimizer):
    tolerance = MODELS[name][3]
    fitted = by_fit(name, optimizer)
    begun = made(name, optimizer)[0].get_weights()
    moved = max(np.abs(a - b).max() for a, b in zip(begun, fitted[2]))
    assert moved > 0.01
    assert_equal(by_hand(name, optimizer, deepkit.function), fitted, tolerance)
    assert_equal(by_hand(name, optimizer, lambda step: step), fitted, tolerance)


def test_constraints_hold_after_each_step():
    model, _ = made("penalized", "sgd")
    model.layers[0].kernel.assign(10 * model.layers[0].kernel)
    variables = model.trainable_variables

    @deepkit.function
    def step(x, y):
        with deepkit.GradientTape() as tape:
            loss = ops.mean(ops.square(model(x) - y))
        # The optimizer applies them itself; other updates leave it to the user.
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(0.01 * gradient)
        for variable in model.variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))

    step(X, Y)
    norms = np.linalg.norm(model.layers[0].kernel, axis=0)
    # `max_norm` limits each column to 2, and adds 1e-7 to what it divides by.
    np.testing.assert_allclose(norms, 2.0, rtol=1e-6)
    biases = np.asarray(model.layers[0].bias)
    assert np.min(biases) == 0 and np.max(biases) > 0


def tape_step(model, x, y):
    with deepkit.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x, training=True))
        scaled = model.optimizer.scale_loss(loss)
    return loss, tape.gradient(scaled, model.trainable_variables)


def closure_step(model, x, y):
    def losses():
        loss = model.compute_loss(x, y, model(x, training=True))
        return model.optimizer.scale_loss(loss), loss

    find = deepkit.value_and_grad(losses, model.trainable_variables, has_aux=True)
    (_, loss), gradients = find()
    return loss, gradients


class Own(deepkit.Model):
    """A model around another one, whose step finds gradients in a given way."""

    def __init__(self, inner, gradients):
        super().__init__()
        self.inner, self.gradients = inner, gradients
        self.mean = deepkit.metrics.Mean(name="loss")

    def call(self, x, training=None):
        return self.inner(x, training=training)

    @property
    def metrics(self):
        return [self.mean]

    def train_step(self, data):
        loss, gradients = self.gradients(self, *data)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.mean.update_state(loss)
        return {"loss": self.mean.result()}


class Decorated(Own):
    """The same with a step that is a compiled function of its own."""

    train_step = deepkit.function(Own.train_step)


WAYS = {
    "tape": (Own, tape_step),
    "value_and_grad": (Own, closure_step),
    "function": (Decorated, tape_step),
}


def fit_own(way, name, **arguments):
    kind, gradients = WAYS[way]
    _, x, y, _ = MODELS[name]
    inner, optimizer = made(name, "sgd")
    model = kind(inner, gradients)
    model.compile(optimizer, ["mse"] * len(y) if isinstance(y, list) else "mse")
    options = {"batch_size": ROWS, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, **{**options, **arguments}).history
    return history["loss"], inner.get_weights()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_a_step_of_ones_own_gives_the_numbers_of_the_default_one(name, way):
    losses, _, weights = by_fit(name, "sgd")
    assert_equal(fit_own(way, name), (losses, weights), MODELS[name][3])


@pytest.mark.parametrize("way", WAYS)
def test_a_step_of_ones_own_costs_no_more_dispatches(way, dispatches):
    """Stretches of a fixed length, so that their number does not depend on time."""
    model, optimizer = made("penalized", "sgd")
    model.compile(optimizer, "mse", steps_per_execution=8)
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    default = list(dispatches)
    dispatches.clear()
    kind, gradients = WAYS[way]
    inner, optimizer = made("penalized", "sgd")
    own = kind(inner, gradients)
    own.compile(optimizer, "mse", steps_per_execution=8)
    own.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    assert dispatches == default == ["many"] * 6


def test_a_step_of_ones_own_runs_eagerly_too():
    inner, optimizer = made("noisy", "sgd")
    model = Own(inner, tape_step)
    model.compile(optimizer, "mse", run_eagerly=True)
    losses = model.fit(X, Y, batch_size=ROWS, epochs=EPOCHS, shuffle=False, verbose=0).history
    assert losses["loss"] == pytest.approx(by_fit("noisy", "sgd")[0], rel=1e-5)


def test_state_goes_on_between_fit_and_a_loop_by_hand():
    """The same model and optimizer, in turn: as a single fit."""
    model, optimizer = made("penalized", "adam")
    model.compile(optimizer, "mse")

    @deepkit.function
    def step(x, y):
        loss, gradients = tape_step(model, x, y)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    losses = []
    for _ in range(2):
        history = model.fit(X, Y, batch_size=ROWS, shuffle=False, verbose=0).history
        losses += [history["loss"][0], np.mean([step(*batch) for batch in batches(X, Y)])]
    assert int(optimizer.iterations) == 12
    again, optimizer = made("penalized", "adam")
    again.compile(optimizer, "mse")
    history = again.fit(X, Y, batch_size=ROWS, epochs=4, shuffle=False, verbose=0).history
    np.testing.assert_allclose(losses, history["loss"], rtol=1e-5)
