"""The loss scale grows, shrinks and skips steps as Keras's does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit.core import errors
from deepkit.optimizers import SGD, Adam, LossScaleOptimizer
from tests.optimizers.problems import values_of
from tests.oracle import keras, oracle

GRADIENTS = [1.0, float("inf"), 2.0, 3.0, float("nan"), 1.0, 1.0, 1.0, 1.0]


def make(lib):
    inner = lib.optimizers.Adam(0.1, gradient_accumulation_steps=2, clipnorm=0.5)
    return lib.optimizers.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=2)


@pytest.fixture(scope="module")
def expected():
    """What Keras's variables hold after each step."""
    with oracle():
        optimizer, weight = make(keras), keras.Variable([1.0, 2.0], name="weight")
        optimizer.build([weight])
        apply = jax.jit(optimizer.stateless_apply)
        state, path = ([weight.value], [v.value for v in optimizer.variables]), []
        for gradient in GRADIENTS:
            state = apply(state[1], [jnp.array([gradient, 1.0])], state[0])
            path.append([np.asarray(value) for value in (*state[0], *state[1])])
    return path


def check(received, wanted):
    assert len(received) == len(wanted)
    for left, right in zip(received, wanted):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


def test_eager_steps(expected):
    optimizer, weight = make(deepkit), deepkit.Variable([1.0, 2.0], name="weight")
    for gradient, wanted in zip(GRADIENTS, expected):
        optimizer.apply([[gradient, 1.0]], [weight])
        check(values_of([weight, *optimizer.variables]), wanted)


def test_scanned_steps(expected):
    optimizer, weight = make(deepkit), deepkit.Variable([1.0, 2.0], name="weight")
    optimizer.build([weight])

    @jax.jit
    def run(values, own, grads):
        def body(state, gradient):
            state = optimizer.stateless_apply(state[1], [gradient], state[0])
            return state, state

        return jax.lax.scan(body, (values, own), grads)[1]

    grads = jnp.array([[gradient, 1.0] for gradient in GRADIENTS])
    values, own = run([weight.value], [v.value for v in optimizer.variables], grads)
    for step, wanted in enumerate(expected):
        check([value[step] for value in (*values, *own)], wanted)


def test_half_precision_loss_is_scaled_without_overflow():
    optimizer, weight = LossScaleOptimizer(SGD(1.0)), deepkit.Variable(0.0)
    loss = jnp.asarray(100.0, "float16")
    assert float(optimizer.scale_loss(loss)) == 100 * 2.0**15
    optimizer.build([weight])
    optimizer.dynamic_scale.assign(4.0)
    assert float(optimizer.scale_loss(loss)) == 400.0


def test_half_precision_gradients_that_would_vanish_unscaled():
    optimizer, weight = LossScaleOptimizer(SGD(2.0**20)), deepkit.Variable(0.0)
    optimizer.apply([jnp.asarray(-(2.0**-14), "float16")], [weight])
    assert float(weight) == 2.0**20 * 2.0**-14 * 2.0**-15


def test_what_goes_to_the_inner_optimizer():
    inner = Adam(0.5, use_ema=True, weight_decay=0.1, loss_scale_factor=4.0)
    optimizer = LossScaleOptimizer(inner)
    assert inner.loss_scale_factor is None
    optimizer.learning_rate = 0.25
    assert float(inner.learning_rate) == 0.25 == float(optimizer.learning_rate)
    weight = deepkit.Variable(1.0, name="weight")
    optimizer.exclude_from_weight_decay(var_names=["weight"])
    assert weight in inner._exclusions
    optimizer.apply([float("nan")], [weight])
    assert int(optimizer.iterations) == 0
    optimizer.apply([1.0], [weight])
    assert int(optimizer.iterations) == 1
    inner._model_variables_moving_average[0].assign(7.0)
    optimizer.finalize_variable_values([weight])
    assert float(weight) == 7.0


def test_missing_gradients():
    optimizer = LossScaleOptimizer(SGD(1.0), initial_scale=2.0)
    a, b = deepkit.Variable(0.0, name="a"), deepkit.Variable(0.0, name="b")
    with pytest.warns(UserWarning, match=r"\['b'\]"):
        optimizer.apply([2.0, None], [a, b])
    assert (float(a), float(b)) == (-1.0, 0.0)
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply([None, None])
    optimizer.apply([])


def test_config():
    ours, theirs = (
        lib.optimizers.LossScaleOptimizer(
            lib.optimizers.SGD(0.5, momentum=0.5, name="inner"), 4.0, 10, name="outer"
        )
        for lib in (deepkit, keras)
    )
    config = deepkit.optimizers.serialize(ours)
    with oracle():
        assert config == keras.optimizers.serialize(theirs)
    again = deepkit.optimizers.deserialize(config)
    assert again.get_config() == ours.get_config()
    assert again.inner_optimizer.momentum == 0.5


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"inner_optimizer": "adam"}, errors.ArgumentTypeError, "`inner_optimizer` .* 'adam'"),
        ({"dynamic": False}, errors.ArgumentError, "no `dynamic=False`: .*`loss_scale_factor`"),
        ({"clipnorm": 1.0}, errors.ArgumentError, "has no option `clipnorm`; set it on the inner"),
        ({"unknown": 1}, errors.ArgumentError, "LossScaleOptimizer has no option `unknown`"),
        ({"initial_scale": 0}, errors.ArgumentError, "`initial_scale` to be a number above 0"),
        ({"dynamic_growth_steps": 0}, errors.ArgumentError, "`dynamic_growth_steps` .* at least 1"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        LossScaleOptimizer(**{"inner_optimizer": SGD(), **arguments})


def test_defaults_of_the_base_are_accepted():
    LossScaleOptimizer(SGD(), use_ema=False, ema_momentum=0.99, dynamic=True)
