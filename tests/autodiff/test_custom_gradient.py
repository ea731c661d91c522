"""custom_gradient under tapes, value_and_grad, jax.grad and fit, with variables inside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import GradientTape, custom_gradient
from deepkit.errors import ArgumentError, ArgumentTypeError, ShapeError


@custom_gradient
def softplus(x):
    exp = jnp.exp(x)

    def grad(upstream):
        return upstream * (1 - 1 / (1 + exp))

    return jnp.log(1 + exp), grad


def test_it_mends_a_gradient_that_is_not_finite():
    x = jnp.asarray([100.0, 1.0, 0.0])
    expected = jax.nn.sigmoid(x) * 3
    for _ in range(2):
        with GradientTape() as tape:
            tape.watch(x)
            y = softplus(x) * 3
        np.testing.assert_allclose(tape.gradient(y, x), expected, rtol=1e-6)
    by_jax = jax.jit(jax.grad(lambda x: 3 * softplus(x).sum()))(x)
    np.testing.assert_allclose(by_jax, expected, rtol=1e-6)


def test_it_takes_variables_as_arguments_and_has_second_derivatives():
    x = deepkit.Variable(1.0)
    with GradientTape() as outer:
        with GradientTape() as tape:
            y = softplus(x)
        gradient = tape.gradient(y, x)
    expected = jax.grad(jax.grad(jax.nn.softplus))(1.0)
    np.testing.assert_allclose(outer.gradient(gradient, x), expected, rtol=1e-6)


def test_arguments_and_results_may_be_nested_and_of_any_kind():
    @custom_gradient
    def scaled(pair, factor, *, offset):
        a, b = pair["a"], pair["b"]

        def grad(first, second):
            return first * 10, second * 100, None

        return {"y": a * factor + offset, "z": [b * factor]}, grad

    a, b = jnp.asarray([1.0, 2.0]), jnp.asarray(3.0)
    with GradientTape() as tape:
        tape.watch([a, b])
        result = scaled({"a": a, "b": b}, 2, offset=1.0)
    np.testing.assert_allclose(result["y"], [3.0, 5.0])
    by_a, by_b = tape.gradient(result, [a, b])
    np.testing.assert_allclose(by_a, [10.0, 10.0])
    assert float(by_b) == 100.0


def test_variables_inside_have_gradients_and_keep_what_is_assigned():
    w, calls = deepkit.Variable([2.0, 3.0]), deepkit.Variable(0.0, trainable=False)

    @custom_gradient
    def product(x):
        calls.assign_add(1.0)

        def grad(upstream, variables):
            assert [variable is w for variable in variables] == [True]
            return upstream * w, [upstream * x * 100]

        return x * w, grad

    x = jnp.ones(2)
    with GradientTape() as tape:
        tape.watch(x)
        y = product(x)
    by_x, by_w = tape.gradient(y, [x, w])
    np.testing.assert_allclose(by_x, [2.0, 3.0])
    np.testing.assert_allclose(by_w, [100.0, 100.0])
    assert float(calls) == 1.0
    _, (by_w,) = deepkit.value_and_grad(lambda: product(x).sum(), [w])()
    np.testing.assert_allclose(by_w, [100.0, 100.0])
    assert float(calls) == 2.0


def test_a_function_that_returns_its_input():
    reverse = custom_gradient(lambda x: (x, lambda upstream: -upstream))

    def gradient(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = reverse(x)
        return tape.gradient([y, x], x)

    np.testing.assert_allclose(gradient(jnp.ones(2)), np.zeros(2))
    np.testing.assert_allclose(jax.jit(gradient)(jnp.ones(2)), np.zeros(2))


def test_in_a_layer_that_is_trained():
    class Reversed(deepkit.layers.Layer):
        """Passes values on, and gradients with the sign turned."""

        def call(self, x):
            return custom_gradient(lambda x: (x, lambda upstream: -upstream))(x)

    def trained(*middle):
        deepkit.utils.set_random_seed(1)
        model = deepkit.Sequential([deepkit.layers.Dense(1), *middle])
        model.compile("sgd", "mse")
        model.build((None, 2))
        before = model.get_weights()[0]
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
        return model.get_weights()[0] - before

    change = trained()
    assert np.abs(change).max() > 1e-4
    np.testing.assert_allclose(trained(Reversed()), -change, rtol=1e-4)


def test_what_a_gradient_function_may_return():
    x, w = jnp.ones(2), deepkit.Variable(1.0)

    def gradient(function):
        with GradientTape() as tape:
            tape.watch(x)
            y = custom_gradient(function)(x)
        return tape.gradient(y, x)

    def mine(x):
        return x

    with pytest.raises(ArgumentTypeError, match="Expected `mine` to return a pair of its result"):
        gradient(mine)

    def two(x):
        return x, lambda upstream: [upstream, upstream]

    with pytest.raises(ArgumentError, match="`two` to return 1 gradients, .* received 2"):
        gradient(two)

    def total(x):
        return x, lambda upstream: upstream.sum()

    with pytest.raises(ShapeError, match=r"its argument, \(2,\), received one of shape \(\)"):
        gradient(total)

    def forgetful(x):
        return x * w, lambda upstream: upstream

    with pytest.raises(ArgumentTypeError, match="`forgetful` reads the variables"):
        gradient(forgetful)

    def alone(x):
        return x * w, lambda upstream, variables: upstream

    with pytest.raises(ArgumentTypeError, match="to return a pair of the gradients for the"):
        gradient(alone)

    def short(x):
        return x * w, lambda upstream, variables: (upstream, [])

    with pytest.raises(ArgumentError, match="return 1 gradients for variables, received 0"):
        gradient(short)
