"""A training loop of one's own: `jax.jit`, `stateless_call` and `stateless_apply`."""

import jax
import jax.numpy as jnp
import numpy as np

import deepkit
from tests.programs.data import regression

X, Y = regression()


def _model(*middle):
    model = deepkit.Sequential(
        [
            deepkit.Input((8,)),
            deepkit.layers.Dense(6, activation="relu"),
            *middle,
            deepkit.layers.Dense(1),
        ]
    )
    model.compile(optimizer=deepkit.optimizers.Adam(0.01), loss="mse")
    model.optimizer.build(model.trainable_variables)
    return model


def _make_step(model):
    optimizer = model.optimizer

    def loss_fn(trainable, non_trainable, x, y):
        y_pred, non_trainable, losses = model.stateless_call(
            trainable, non_trainable, x, training=True, return_losses=True
        )
        return jnp.mean(jnp.square(y - y_pred)) + sum(losses), non_trainable

    @jax.jit
    def step(state, x, y):
        trainable, non_trainable, slots = state
        grad = jax.value_and_grad(loss_fn, has_aux=True)
        (loss, non_trainable), gradients = grad(trainable, non_trainable, x, y)
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return (trainable, non_trainable, slots), loss

    return step


def _state(model):
    groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    return tuple([variable.value for variable in group] for group in groups)


def _batches():
    return [(X[start : start + 32], Y[start : start + 32]) for start in (0, 32)]


def test_it_trains_as_fit_does():
    model, fitted = _model(), _model()
    fitted.set_weights(model.get_weights())
    step, state = _make_step(model), _state(model)
    losses = []
    for _ in range(3):
        for x, y in _batches():
            state, loss = step(state, x, y)
            losses.append(float(loss))
    history = fitted.fit(X, Y, epochs=3, shuffle=False, verbose=0).history
    np.testing.assert_allclose(
        np.mean(np.reshape(losses, (3, 2)), axis=1), history["loss"], rtol=1e-5
    )
    for variable, value in zip(model.trainable_variables, state[0]):
        variable.assign(value)
    for a, b in zip(model.get_weights(), fitted.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_the_model_is_untouched_until_values_are_assigned():
    model = _model()
    before = model.get_weights()
    step, state = _make_step(model), _state(model)
    state, _ = step(state, *_batches()[0])
    for a, b in zip(model.get_weights(), before):
        np.testing.assert_array_equal(a, b)
    assert (np.asarray(state[0][0]) != before[0]).any()


def test_dropout_and_statistics_go_through_the_state():
    model = _model(deepkit.layers.BatchNormalization(momentum=0.5), deepkit.layers.Dropout(0.5))
    names = [variable.name for variable in model.non_trainable_variables]
    step, state = _make_step(model), _state(model)
    mean, seeds = names.index("moving_mean"), names.index("seed_generator_state")
    hidden = np.maximum(X[:32] @ model.get_weights()[0] + model.get_weights()[1], 0)

    first, loss = step(state, *_batches()[0])
    _, same = step(state, *_batches()[0])
    assert float(loss) == float(same)  # a pure function of its state
    np.testing.assert_allclose(first[1][mean], 0.5 * hidden.mean(axis=0), rtol=1e-5, atol=1e-6)
    assert (np.asarray(first[1][seeds]) != np.asarray(state[1][seeds])).any()
    drawn_again = (state[0], first[1], state[2])
    assert float(step(drawn_again, *_batches()[0])[1]) != float(loss)


def test_penalties_are_among_the_losses():
    model = _model(deepkit.layers.Dense(6, kernel_regularizer=deepkit.regularizers.L2(0.1)))
    _, loss = _make_step(model)(_state(model), X, Y)
    kernel = model.get_weights()[2]
    error = np.mean(np.square(model.predict(X, verbose=0) - Y))
    np.testing.assert_allclose(float(loss), error + 0.1 * np.sum(kernel**2), rtol=1e-5)


def test_gradients_of_a_model_called_as_it_is():
    """Layers are plain functions of arrays, so `jax.grad` with respect to inputs just works."""
    model = _model()
    w1, b1, w2, _ = model.get_weights()
    gradient = jax.grad(lambda x: jnp.sum(model(x)))(jnp.asarray(X))
    expected = ((X @ w1 + b1) > 0).astype("float32") * w2.T @ w1.T
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)
