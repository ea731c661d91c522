"""Gradients of stateful code, beside those of `jax.grad`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import errors
from deepkit.autodiff import value_and_grad
from deepkit.tensors import StatelessScope, Variable

X = np.array([[1.0, 2.0], [3.0, -4.0]], "float32")


def test_values_and_gradients_are_those_of_jax():
    w, b = Variable(X), Variable([0.5, -0.5])

    def loss(w, b):
        return jnp.sum(jnp.tanh(jnp.asarray(X) @ w + b) ** 2)

    value, gradients = value_and_grad(lambda: loss(w.value, b.value), [w, b])()
    expected, wanted = jax.value_and_grad(loss, argnums=(0, 1))(w.value, b.value)
    np.testing.assert_array_equal(value, expected)
    for gradient, right in zip(gradients, wanted):
        np.testing.assert_array_equal(gradient, right)


def test_arguments_and_what_else_is_returned():
    w = Variable(3.0)
    run = value_and_grad(lambda x, scale: (scale * w * x, {"x": x}), [w], has_aux=True)
    (value, aux), (gradient,) = run(2.0, scale=5.0)
    assert (float(value), aux["x"], float(gradient)) == (30.0, 2.0, 10.0)


def test_a_variable_that_is_given_twice_or_not_used():
    w, unused = Variable(3.0), Variable([1.0, 2.0])
    _, (first, zeros, second) = value_and_grad(lambda: w * w, [w, unused, w])()
    assert float(first) == float(second) == 6.0
    np.testing.assert_array_equal(zeros, [0.0, 0.0])


def _noisy_step():
    """A step that draws, counts, and keeps a moving average."""
    model = deepkit.Sequential(
        [
            deepkit.Input((2,)),
            deepkit.layers.Dropout(0.5, seed=3),
            deepkit.layers.BatchNormalization(),
            deepkit.layers.Dense(1, kernel_initializer="ones", activity_regularizer="l2"),
        ]
    )
    count = Variable(0, dtype="int32", trainable=False)

    def loss():
        count.assign_add(1)
        out = model(jnp.asarray(X), training=True)
        return jnp.sum(out**2) + sum(model.losses)

    return model, count, loss


def test_what_is_assigned_inside_is_assigned():
    model, count, loss = _noisy_step()
    plain_model, _, plain_loss = _noisy_step()
    value, gradients = value_and_grad(loss, model.trainable_variables)()
    np.testing.assert_allclose(value, plain_loss(), rtol=1e-6)
    assert int(count) == 1
    for ours, plain in zip(model.variables, plain_model.variables):
        np.testing.assert_allclose(ours, plain, rtol=1e-6)
    assert any(float(jnp.abs(gradient).max()) > 0 for gradient in gradients)
    assert len(model.losses) == 1
    again, _ = value_and_grad(loss, model.trainable_variables)()
    assert float(again) != float(value)


def test_inside_a_compiled_step():
    model, _, loss = _noisy_step()
    other, _, plain = _noisy_step()

    @jax.jit
    def step(values):
        with StatelessScope(zip(model.variables, values)) as scope:
            result, gradients = value_and_grad(loss, model.trainable_variables)()
            after = [scope.get_current_value(v) for v in model.variables]
        state = [v if new is None else new for v, new in zip(values, after)]
        return result, gradients, state

    compiled = step([v.value for v in model.variables])
    eager = value_and_grad(plain, other.trainable_variables)()
    np.testing.assert_allclose(compiled[0], eager[0], rtol=1e-6)
    for ours, right in zip(compiled[1], eager[1]):
        np.testing.assert_allclose(ours, right, rtol=1e-5, atol=1e-6)
    for ours, right in zip(compiled[2], other.variables):
        np.testing.assert_allclose(ours, right, rtol=1e-6)


def test_second_derivatives():
    w = Variable(2.0)

    def slope():
        _, (gradient,) = value_and_grad(lambda: w**3, [w])()
        return gradient

    value, (second,) = value_and_grad(slope, [w])()
    assert (float(value), float(second)) == (12.0, 12.0)


W = Variable([1.0, 2.0], name="w")
WRONG = {
    "no list": (lambda: value_and_grad(lambda: 1.0, W), errors.ArgumentTypeError, "received one"),
    "an array": (lambda: value_and_grad(lambda: 1.0, [X]), errors.ArgumentTypeError, "Variables"),
    "integers": (
        lambda: value_and_grad(lambda: 1.0, [Variable(1, name="n")]),
        errors.DTypeError,
        "'n' of dtype int32",
    ),
    "no scalar": (value_and_grad(lambda: W * 2, [W]), errors.ShapeError, r"shape \(2,\)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_differentiated(case):
    call, error, text = WRONG[case]
    with pytest.raises(error, match=text):
        call()
