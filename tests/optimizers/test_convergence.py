"""Every optimizer goes down a parabola and Rosenbrock's valley."""

import jax
import jax.numpy as jnp
import pytest

import deepkit
from tests.optimizers.catalogue import APART, OPTIMIZERS


def parabola(x):
    """Its axes are ten times as long as each other; 0 at (1, -1; 0.5, 2)."""
    minimum = jnp.array([[1.0, -1.0], [0.5, 2.0]])
    return jnp.sum(jnp.array([[1.0, 0.1], [0.3, 1.0]]) * jnp.square(x - minimum))


def rosenbrock(x):
    """0 at (1, 1), in a bent valley; two of them, so that the variable is a matrix."""
    return jnp.sum((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2)


# Learning rates on the parabola and in the valley, and how low the optimizer comes in the valley.
RATES = {
    "SGD": (0.1, 0.001, 1e-5),
    "Adam": (0.1, 0.05, 1e-4),
    "AdamW": (0.1, 0.05, 1e-4),
    "Adamax": (0.1, 0.05, 1e-4),
    "Nadam": (0.1, 0.05, 1e-2),
    "Adadelta": (10.0, 3.0, 2.0),
    "Adafactor": (0.1, 0.02, 0.3),
    "Adagrad": (0.5, 0.3, 0.03),
    "RMSprop": (0.02, 0.002, 0.02),
    "Ftrl": (0.5, 0.5, 0.01),
    # Its steps do not shrink with the gradient, so it settles only as the rate falls.
    "Lion": (deepkit.optimizers.schedules.CosineDecay(0.05, 500), 0.002, 0.02),
    "Lamb": (0.02, 0.01, 0.1),
    "Muon": (0.05, 0.01, 0.02),
    "ScheduleFreeAdamW": (0.3, 0.1, 0.3),
}
OPTIONS = {"SGD": {"momentum": 0.9}, "AdamW": {"weight_decay": 0.0}, "Muon": {"weight_decay": 0.0}}


def descend(optimizer, function, start, steps):
    """The value of a function where the optimizer stands in the end."""
    variable = deepkit.Variable(start, name="kernel")
    optimizer.build([variable])

    @jax.jit
    def run(values, own):
        def body(state, _):
            values, own = state
            gradient = jax.grad(function)(values[0])
            return optimizer.stateless_apply(own, [gradient], values), None

        return jax.lax.scan(body, (values, own), None, length=steps)[0]

    values, _ = run([variable.value], [v.value for v in optimizer.variables])
    return float(function(values[0]))


def make(class_name, rate):
    return getattr(deepkit.optimizers, class_name)(rate, **OPTIONS.get(class_name, {}))


def test_every_class_has_a_row():
    public = {
        name
        for name in dir(deepkit.optimizers)
        if isinstance(getattr(deepkit.optimizers, name), type)
    }
    assert public == {*RATES, *APART}
    assert public - {*APART} == {row.class_name for row in OPTIMIZERS.values()}


@pytest.mark.parametrize("class_name", RATES)
def test_parabola(class_name):
    start = [[-1.0, 1.0], [2.0, -1.0]]
    assert float(parabola(jnp.array(start))) > 10
    assert descend(make(class_name, RATES[class_name][0]), parabola, start, 500) < 1e-3


@pytest.mark.parametrize("class_name", RATES)
def test_rosenbrock(class_name):
    start = [[-1.2, 0.2], [1.0, -1.0]]
    assert float(rosenbrock(jnp.array(start))) > 100
    _, rate, low = RATES[class_name]
    assert descend(make(class_name, rate), rosenbrock, start, 4000) < low
