"""JaxModel of Equinox modules, against the same training by hand with optax."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import deepkit
from deepkit.core import errors

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")
BATCHES = [slice(start, start + 8) for start in (0, 8, 16)] * 2


def fit(model):
    return model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)


def compare(received, expected):
    """The same sums in two orders: a few units in the last place."""
    left, right = (jax.tree.leaves(eqx.filter(tree, eqx.is_array)) for tree in (received, expected))
    for a, b in zip(left, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=5e-5, atol=2e-6)


@pytest.fixture(autouse=True)
def _promotion_of_equinox():
    """Equinox itself mixes dtypes where it is run by hand."""
    with jax.numpy_dtype_promotion("standard"):
        yield


class Net(eqx.Module):
    layers: list
    shift: jax.Array
    places: jax.Array
    name: str = eqx.field(static=True)

    def __init__(self, key):
        first, second = jax.random.split(key)
        self.layers = [eqx.nn.Linear(3, 4, key=first), jnp.tanh, eqx.nn.Linear(4, 1, key=second)]
        self.shift = jnp.zeros(1)
        self.places = jnp.array([2, 0, 1])
        self.name = "net"

    def __call__(self, x):
        x = x[self.places]
        for layer in self.layers:
            x = layer(x)
        return x + self.shift


def test_trains_as_by_hand():
    module = Net(jax.random.key(0))
    model = deepkit.JaxModel(module, name="m")
    model.compile(optax.adam(0.01), "mse", metrics=["mae"])
    fit(model)

    @eqx.filter_jit
    def step(net, state, x, y):
        slopes = eqx.filter_grad(lambda n: jnp.mean((jax.vmap(n)(x) - y) ** 2))(net)
        updates, state = transformation.update(slopes, state)
        return eqx.apply_updates(net, updates), state

    transformation = optax.adam(0.01)
    net, state = module, transformation.init(eqx.filter(module, eqx.is_inexact_array))
    for rows in BATCHES:
        net, state = step(net, state, X[rows], Y[rows])
    trained = model.module()
    assert type(trained) is Net and trained.layers[1] is jnp.tanh
    compare(trained, net)
    np.testing.assert_allclose(model.predict(X, verbose=0), jax.vmap(net)(X), rtol=1e-4, atol=1e-5)
    assert [weight.path for weight in model.weights] == [
        "m/shift",
        "m/layers/0/weight",
        "m/layers/0/bias",
        "m/layers/2/weight",
        "m/layers/2/bias",
    ]


class Normalized(eqx.Module):
    linear: eqx.nn.Linear
    norm: eqx.nn.BatchNorm

    def __init__(self, key):
        self.linear = eqx.nn.Linear(3, 1, key=key)
        self.norm = eqx.nn.BatchNorm(1, axis_name="batch", mode="ema")

    def __call__(self, x, state):
        return self.norm(self.linear(x), state)


def test_state():
    module, state = eqx.nn.make_with_state(Normalized)(jax.random.key(0))
    model = deepkit.JaxModel(module, state=state, name="m")
    model.compile(deepkit.optimizers.SGD(0.1), "mse")
    fit(model)

    @eqx.filter_jit
    def step(module, state, x, y):
        def loss(module, state):
            run = jax.vmap(module, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
            outputs, state = run(x, state)
            return jnp.mean((outputs - y) ** 2), state

        slopes, state = eqx.filter_grad(loss, has_aux=True)(module, state)
        return eqx.apply_updates(module, jax.tree.map(lambda g: -0.1 * g, slopes)), state

    module, state = eqx.nn.make_with_state(Normalized)(jax.random.key(0))
    for rows in BATCHES:
        module, state = step(module, state, X[rows], Y[rows])
    compare(model.module(), (module, state))
    evaluating = eqx.nn.inference_mode(module)
    run = jax.vmap(evaluating, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
    np.testing.assert_allclose(model.predict(X, verbose=0), run(X, state)[0], rtol=1e-4, atol=1e-5)
    assert all(w.path.startswith("m/state/") for w in model.non_trainable_weights)
    with pytest.raises(errors.ArgumentError, match=r"make_with_state\(Module\)"):
        deepkit.JaxModel(module)
    with pytest.raises(
        errors.ArgumentError, match=r"Equinox module to return `\(outputs, state\)`"
    ):
        deepkit.JaxModel(eqx.nn.Linear(3, 1, key=jax.random.key(0)), state=state)(X)


def test_dropout_draws_in_training_only():
    model = deepkit.JaxModel(eqx.nn.Dropout(0.5), seed=0)
    x = np.ones((4, 50), "float32")
    np.testing.assert_array_equal(model(x), x)
    dropped = [np.asarray(model(x, training=True)) for _ in range(2)]
    assert 0.3 < (dropped[0] == 0).mean() < 0.7
    assert (dropped[0] != dropped[1]).any() and (dropped[0][0] != dropped[0][1]).any()


def test_whole_batches():
    class Centered(eqx.Module):
        scale: jax.Array

        def __call__(self, x):
            return (x - x.mean(0)) * self.scale

    model = deepkit.JaxModel(Centered(jnp.ones(3)), per_example=False)
    np.testing.assert_allclose(model(X), X - X.mean(0), rtol=1e-5, atol=1e-6)


def test_files(tmp_path):
    model = deepkit.JaxModel(Net(jax.random.key(0)))
    model.compile({"layers/0/.*": "adam", ".*": "sgd"}, "mse")
    fit(model)
    model.save_weights(tmp_path / "model.weights.h5")
    again = deepkit.JaxModel(Net(jax.random.key(1)))
    again.compile({"layers/0/.*": "adam", ".*": "sgd"}, "mse")
    again.load_weights(tmp_path / "model.weights.h5")
    for each in (model, again):
        fit(each)
    compare(again.module(), model.module())
    with pytest.raises(errors.SerializationError, match="of an Equinox module cannot be written"):
        model.save(tmp_path / "model.keras")


def test_classes_and_modules_of_the_wrong_kind():
    with pytest.raises(errors.ArgumentTypeError, match=r"Make one: `JaxModel\(Net"):
        deepkit.JaxModel(Net)
    with pytest.raises(errors.ArgumentError, match="Expected no `params` for an Equinox module"):
        deepkit.JaxModel(Net(jax.random.key(0)), params={})

    class Silent(eqx.Module):
        weight: jax.Array

    with pytest.raises(errors.ArgumentTypeError, match=r"`__call__`, received a Silent without"):
        deepkit.JaxModel(Silent(jnp.ones(3)))
