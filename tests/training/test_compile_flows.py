"""compile, fit and evaluate beside Keras: names and values."""

import numpy as np
import pytest

import deepkit
from tests.oracle import keras, oracle

ROWS = 10
RNG = np.random.default_rng(0)
X = RNG.random((ROWS, 3), "float32")
B = RNG.random((ROWS, 1), "float32")
A = RNG.random((ROWS, 2), "float32")
WEIGHT = RNG.random(ROWS, "float32")


def functional(library, outputs):
    inputs = library.Input((3,))
    first = library.layers.Dense(1, name="b", kernel_initializer="ones")(inputs)
    second = library.layers.Dense(2, name="a", kernel_initializer="ones")(inputs)
    return library.Model(inputs, outputs(first, second))


def subclassed(library, outputs):
    class TwoHeads(library.Model):
        def __init__(self):
            super().__init__()
            self.first = library.layers.Dense(1, kernel_initializer="ones")
            self.second = library.layers.Dense(2, kernel_initializer="ones")

        def call(self, inputs):
            return outputs(self.first(inputs), self.second(inputs))

    return TwoHeads()


def listed(b, a):
    return [b, a]


def keyed(b, a):
    return {"second": a, "first": b}


def alone(b, a):
    return b


def mean_error(y_true, y_pred):
    return abs(y_true - y_pred).mean(axis=-1)


# Model, outputs, targets, arguments of compile, weights.
CASES = [
    (functional, alone, B, {"loss": mean_error, "metrics": ["mse"]}, None),
    (
        functional,
        listed,
        [B, A],
        {"loss": "mse", "metrics": [["mse", "acc"], "mae"], "weighted_metrics": ["mse", None]},
        WEIGHT,
    ),
    (
        functional,
        listed,
        {"a": A, "b": B},
        {"loss": {"a": "mse", "b": mean_error}, "loss_weights": {"a": 0.3, "b": 2.0}},
        None,
    ),
    (
        functional,
        keyed,
        {"first": B, "second": A},
        {"loss": {"first": "mse", "second": "mae"}, "metrics": {"second": ["mse"], "first": "mae"}},
        None,
    ),
    (functional, keyed, {"first": B, "second": A}, {"loss": "mae"}, WEIGHT),
    (
        subclassed,
        listed,
        (B, A),
        {"loss": ["mse", "mae"], "metrics": ["mse", ["mse"]], "loss_weights": [0.5, 2.0]},
        None,
    ),
    (subclassed, keyed, {"first": B, "second": A}, {"loss": {"first": "mse"}}, None),
]


def _name(value):
    return getattr(value, "__name__", None)


def _flow(library, make, outputs, y, arguments, weight):
    model = make(library, outputs)
    model.compile(optimizer=library.optimizers.SGD(0.1), **arguments)
    options = {"batch_size": 4, "verbose": 0, "sample_weight": weight}
    history = model.fit(X, y, epochs=2, shuffle=False, **options).history
    logs = {name: values[-1] for name, values in history.items()}
    return logs, model.evaluate(X, y, return_dict=True, **options)


@pytest.mark.parametrize(("make", "outputs", "y", "arguments", "weight"), CASES, ids=_name)
def test_logs_are_keras_s(make, outputs, y, arguments, weight):
    with oracle():
        logs, values = _flow(keras, make, outputs, y, arguments, weight)
    our_logs, our_values = _flow(deepkit, make, outputs, y, arguments, weight)
    # Two epochs of float32 steps, in another order of sums.
    assert our_logs == pytest.approx(logs, rel=1e-5)
    assert our_values == pytest.approx(values, rel=1e-5)


def test_targets_of_outputs_with_a_loss_alone():
    model = functional(deepkit, listed)
    model.compile("sgd", loss=[None, "mse"], metrics=[None, "mae"], weighted_metrics=[None, "mse"])
    found = model.evaluate(X, A, batch_size=4, verbose=0, return_dict=True, sample_weight=WEIGHT)
    error = X.sum(1, keepdims=True) - A
    squares = (error**2).mean(1)
    assert list(found) == ["loss", "a_mae", "a_mse"]
    assert found["loss"] == pytest.approx((squares * WEIGHT).mean(), rel=1e-5)
    assert found["a_mae"] == pytest.approx(abs(error).mean(), rel=1e-5)
    assert found["a_mse"] == pytest.approx((squares * WEIGHT).sum() / WEIGHT.sum(), rel=1e-5)


def test_unknown_targets_are_named():
    model = functional(deepkit, listed)
    model.compile("sgd", loss="mse")
    with pytest.raises(
        deepkit.errors.DataError, match="Unknown output 'c'; the outputs are 'b', 'a'"
    ):
        model.fit(X, {"b": B, "c": A}, verbose=0)
