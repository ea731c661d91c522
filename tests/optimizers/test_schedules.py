"""Schedules give Keras's rates, eagerly and compiled, and say what is wrong with arguments."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.optimizers import schedules
from tests.oracle import keras, oracle

STEPS = [0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 14, 15, 19, 20, 21, 25, 29, 30, 31, 40, 69, 70, 71, 150]
ROWS = {
    "exponential": ("ExponentialDecay", (0.3, 10, 0.7), {}),
    "exponential staircase": ("ExponentialDecay", (0.3, 10, 0.7), {"staircase": True}),
    "inverse time": ("InverseTimeDecay", (0.3, 10, 0.5), {}),
    "inverse time staircase": ("InverseTimeDecay", (0.3, 10, 0.5), {"staircase": True}),
    "piecewise": ("PiecewiseConstantDecay", ([10, 20, 30], [0.4, 0.3, 0.2, 0.1]), {}),
    "piecewise fractions": ("PiecewiseConstantDecay", ([2.5, 9.5], [0.4, 0.3, 0.2]), {}),
    "polynomial": ("PolynomialDecay", (0.3, 20), {}),
    "polynomial power": ("PolynomialDecay", (0.3, 20, 0.05), {"power": 2.5}),
    "polynomial cycle": ("PolynomialDecay", (0.3, 10, 0.05), {"power": 0.5, "cycle": True}),
    "cosine": ("CosineDecay", (0.3, 20), {"alpha": 0.1}),
    "cosine warmup": ("CosineDecay", (0.1, 20, 0.05), {"warmup_target": 0.4, "warmup_steps": 10}),
    "cosine target only": ("CosineDecay", (0.1, 20), {"warmup_target": 0.4}),
    "restarts": ("CosineDecayRestarts", (0.3, 10), {}),
    "restarts equal": ("CosineDecayRestarts", (0.3, 10), {"t_mul": 1.0, "m_mul": 0.5}),
    "restarts all": ("CosineDecayRestarts", (0.3, 10, 1.5, 0.8, 0.1), {}),
}


def make(lib, name):
    class_name, args, kwargs = ROWS[name]
    return getattr(lib.optimizers.schedules, class_name)(*args, **kwargs)


@pytest.mark.parametrize("name", ROWS)
def test_rates_of_keras(name):
    with oracle():
        theirs = make(keras, name)
        # Eagerly, Keras's conditionals are compiled anew in each call.
        theirs = jax.jit(theirs) if "Cosine" in type(theirs).__name__ else theirs
        expected = [float(theirs(jnp.int32(step))) for step in STEPS]
    ours = make(deepkit, name)
    # A logarithm and a cosine, each within a few units of the last place of numbers near 1.
    close = {"rtol": 2e-5, "atol": 1e-6}
    np.testing.assert_allclose([float(ours(step)) for step in STEPS], expected, **close)
    compiled = jax.jit(ours)(jnp.array(STEPS))
    np.testing.assert_allclose(compiled, expected, **close)
    assert compiled.dtype == "float32"


@pytest.mark.parametrize("name", ROWS)
def test_steps_may_be_variables_floats_and_traced(name):
    schedule = make(deepkit, name)
    expected = float(schedule(7))
    for step in (deepkit.Variable(7, dtype="int32"), np.int64(7), 7.0, jnp.float32(7)):
        assert float(schedule(step)) == pytest.approx(expected, rel=1e-6)
    assert float(jax.jit(schedule)(7)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ROWS)
def test_configs_are_those_of_keras(name):
    ours, theirs = make(deepkit, name), make(keras, name)
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    again = schedules.deserialize(keras.optimizers.schedules.serialize(theirs))
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    back = keras.optimizers.schedules.deserialize(schedules.serialize(ours))
    assert back.get_config() == theirs.get_config()


@pytest.mark.parametrize("class_name", sorted({row[0] for row in ROWS.values()}))
def test_signature(class_name):
    received, expected = (
        inspect.signature(getattr(lib.optimizers.schedules, class_name)).parameters.values()
        for lib in (deepkit, keras)
    )
    assert [(p.name, p.default) for p in received] == [(p.name, p.default) for p in expected]


class Linear(schedules.LearningRateSchedule):
    def __call__(self, step):
        return jnp.asarray(step, "float32")


def test_schedule_of_the_user():
    optimizer = deepkit.optimizers.SGD(Linear())
    weight = deepkit.Variable(0.0)
    for _ in range(4):
        optimizer.apply([-1.0], [weight])
    assert float(weight) == 0 + 1 + 2 + 3
    with pytest.raises(ValueError, match=r"Linear cannot be written .* Define `get_config"):
        optimizer.get_config()


def test_call_must_be_defined():
    with pytest.raises(TypeError, match="__call__"):
        schedules.LearningRateSchedule()


@pytest.mark.parametrize(
    ("class_name", "arguments", "message"),
    [
        ("ExponentialDecay", (0.1, 0, 0.5), "`decay_steps` to be a number above 0, received 0"),
        ("InverseTimeDecay", (0.1, -1, 0.5), "`decay_steps` to be a number above 0, received -1"),
        ("PolynomialDecay", (0.1, "10"), "`decay_steps` to be a number above 0, received '10'"),
        ("CosineDecay", ("0.1", 10), "`initial_learning_rate` to be a number, received '0.1'"),
        ("CosineDecay", (0.1, 10, 0.0, "n", "x"), "`warmup_target` to be a number, received 'x'"),
        ("CosineDecay", (0.1, 10, 0.0, "n", 0.5, -1), "`warmup_steps` to be at least 0"),
        ("CosineDecayRestarts", (0.1, 10, 0), "`t_mul` to be at least 1, received 0"),
        ("PiecewiseConstantDecay", ([1], [0.1]), "one value more than boundaries, received 1 val"),
        ("PiecewiseConstantDecay", ([2, 1], [1, 2, 3]), "rising order, received \\[2, 1\\]"),
    ],
)
def test_bad_arguments(class_name, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(schedules, class_name)(*arguments)


def test_learning_rate_that_is_zero_at_the_start_warms_up():
    schedule = schedules.CosineDecay(0, 10, warmup_target=1, warmup_steps=4)
    assert [float(schedule(step)) for step in (0, 1, 4)] == [0.0, 0.25, 1.0]
