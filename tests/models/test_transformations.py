"""Models inside of a user's own `jax.jit`, `jax.grad`, `jax.vmap` and `lax.scan`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import layers

X = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")


def drawn():
    inputs = deepkit.Input((5,))
    hidden = layers.BatchNormalization()(layers.Dense(6, activation="tanh")(inputs))
    return deepkit.Model(inputs, layers.Dense(2)(layers.Dropout(0.5, seed=1)(hidden)))


def sequential():
    return deepkit.Sequential(drawn().layers)


def subclassed():
    class Model(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.inner = drawn()

        def call(self, x):
            return self.inner(x)

    model = Model()
    model(X[0])
    return model


MODELS = {"drawn": drawn, "sequential": sequential, "subclassed": subclassed}


def state_of(model):
    return [
        [v.value for v in model.trainable_variables],
        [v.value for v in model.non_trainable_variables],
    ]


@pytest.mark.parametrize("name", MODELS)
def test_training_by_scan_is_training_step_by_step(name):
    model = MODELS[name]()
    start = state_of(model)

    def loss(trainable, frozen, x):
        outputs, frozen = model.stateless_call(trainable, frozen, x, training=True)
        return jnp.mean(outputs**2), frozen

    def step(state, x):
        (value, frozen), gradients = jax.value_and_grad(loss, has_aux=True)(*state, x)
        return [[w - 0.1 * g for w, g in zip(state[0], gradients)], frozen], value

    after, values = jax.jit(lambda state: jax.lax.scan(step, state, X))(start)
    state, expected = start, []
    for x in X:
        state, value = step(state, x)
        expected.append(value)
    # Means of a dozen float32 numbers, added up in another order.
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    for ours, right in zip(jax.tree.leaves(after), jax.tree.leaves(state)):
        np.testing.assert_allclose(ours, right, rtol=1e-5, atol=1e-6)
    assert len(set(np.asarray(values).tolist())) == len(X)
    for variable, value in zip(model.trainable_variables, start[0]):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize("name", MODELS)
def test_mapped_models_are_models_one_by_one(name):
    model = MODELS[name]()
    trainable, frozen = state_of(model)
    scales = jnp.asarray([0.5, 1.0, 2.0])

    def call(scale, x):
        return model.stateless_call([w * scale for w in trainable], frozen, x)[0]

    mapped = jax.vmap(call)(scales, X)
    for output, scale, x in zip(mapped, scales, X):
        np.testing.assert_allclose(output, call(scale, x), rtol=1e-5, atol=1e-6)
