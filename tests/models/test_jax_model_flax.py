"""JaxModel of Flax modules, linen and nnx, against the same training by hand with optax."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx

import deepkit
from deepkit.core import errors

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")
BATCHES = [slice(start, start + 8) for start in (0, 8, 16)] * 2


def fit(model):
    return model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)


def compare(received, expected):
    """The same sums in two orders: a few units in the last place."""
    assert jax.tree.structure(received) == jax.tree.structure(expected)
    for left, right in zip(jax.tree.leaves(received), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(left, right, rtol=5e-5, atol=2e-6)


@pytest.fixture(autouse=True)
def _promotion_of_flax():
    """Flax itself mixes dtypes where it is run by hand."""
    with jax.numpy_dtype_promotion("standard"):
        yield


class Linen(linen.Module):
    @linen.compact
    def __call__(self, x, train):
        # The true slope of a bias in front of a normalization is 0: only rounding would be left.
        x = linen.Dense(4, use_bias=False, name="body")(x)
        x = linen.BatchNorm(use_running_average=not train, momentum=0.9, name="norm")(x)
        return linen.Dense(1, name="head")(jnp.tanh(x))


def linen_by_hand(seed):
    module, transformation = Linen(), optax.sgd(0.05, momentum=0.9)
    variables = module.init(jax.random.key(seed), X[:1], train=False)

    @jax.jit
    def step(variables, state, x, y):
        def loss(params):
            outputs, changed = module.apply(
                {**variables, "params": params}, x, train=True, mutable=["batch_stats"]
            )
            return jnp.mean((outputs - y) ** 2), changed

        slopes, changed = jax.grad(loss, has_aux=True)(variables["params"])
        updates, state = transformation.update(slopes, state)
        return {"params": optax.apply_updates(variables["params"], updates), **changed}, state

    state = transformation.init(variables["params"])
    for rows in BATCHES:
        variables, state = step(variables, state, X[rows], Y[rows])
    return variables


def test_linen_trains_as_by_hand():
    model = deepkit.JaxModel(Linen(), seed=4, name="m")
    model.compile(deepkit.optimizers.SGD(0.05, momentum=0.9), "mse", metrics=["mae"])
    fit(model)
    expected = linen_by_hand(4)
    compare(model.module(), expected)
    outputs = Linen().apply(expected, X, train=False)
    np.testing.assert_allclose(model.predict(X, verbose=0), outputs, rtol=1e-4, atol=1e-5)
    assert [weight.path for weight in model.weights] == [
        "m/body/kernel",
        "m/head/bias",
        "m/head/kernel",
        "m/norm/bias",
        "m/norm/scale",
        "m/state/batch_stats/norm/mean",
        "m/state/batch_stats/norm/var",
    ]
    assert len(model.trainable_weights) == 5


def test_linen_variables_that_exist_already():
    variables = Linen().init(jax.random.key(1), X[:1], train=False)
    model = deepkit.JaxModel(Linen(), params=variables)
    compare(model.module(), variables)
    for wrong, text in ((variables["params"], "a dict with"), ([1], "received list")):
        with pytest.raises(errors.ArgumentError, match=rf"the key 'params', .*{text}"):
            deepkit.JaxModel(Linen(), params=wrong)
    with pytest.raises(errors.ArgumentError, match="Expected no `state` for a Flax module"):
        deepkit.JaxModel(Linen(), params=variables, state={})


def test_linen_dropout_and_files(tmp_path):
    class Net(linen.Module):
        @linen.compact
        def __call__(self, x, deterministic=True):
            x = linen.Dropout(0.5, deterministic=deterministic)(x)
            return linen.Dense(1)(x)

    model = deepkit.JaxModel(Net(), seed=0)
    np.testing.assert_array_equal(model(X), model(X))
    assert np.abs(model(X, training=True) - model(X, training=True)).max() > 1e-2
    model.compile({".*/kernel": "adam", ".*": "sgd"}, "mse")
    fit(model)
    model.save_weights(tmp_path / "model.weights.h5")
    again = deepkit.JaxModel(Net(), seed=1)
    again.compile({".*/kernel": "adam", ".*": "sgd"}, "mse")
    again.build((None, 3))
    again.load_weights(tmp_path / "model.weights.h5")
    compare(again.module(), model.module())
    compare(again.optimizer.get_weights(), model.optimizer.get_weights())
    with pytest.raises(errors.SerializationError, match="of a Flax module cannot be written"):
        model.save(tmp_path / "model.keras")


class Nnx(nnx.Module):
    def __init__(self, rate, rngs):
        self.body = nnx.Linear(3, 4, use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(4, momentum=0.9, rngs=rngs)
        self.dropout = nnx.Dropout(rate, rngs=rngs)
        self.head = nnx.Linear(4, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(self.dropout(jnp.tanh(self.norm(self.body(x)))))


def test_nnx_trains_as_by_hand():
    module = Nnx(0.0, nnx.Rngs(0))
    model = deepkit.JaxModel(module, name="m")
    model.compile(optax.adam(0.01), "mse")
    fit(model)
    hand = Nnx(0.0, nnx.Rngs(0))
    optimizer = nnx.Optimizer(hand, optax.adam(0.01), wrt=nnx.Param)
    for rows in BATCHES:
        x, y = X[rows], Y[rows]
        slopes = nnx.grad(lambda net, x=x, y=y: jnp.mean((net(x) - y) ** 2))(hand)
        optimizer.update(hand, slopes)
    trained = model.module()
    for kind in (nnx.Param, nnx.BatchStat):
        compare(nnx.to_pure_dict(nnx.state(trained, kind)), nnx.to_pure_dict(nnx.state(hand, kind)))
    hand.eval()
    np.testing.assert_allclose(model.predict(X, verbose=0), hand(X), rtol=1e-4, atol=1e-5)
    assert [weight.path for weight in model.weights][:2] == ["m/body/kernel", "m/head/bias"]
    assert [w.path for w in model.non_trainable_weights] == [
        "m/state/norm/mean",
        "m/state/norm/var",
    ]
    # The module that was given stays as it was.
    np.testing.assert_array_equal(module.norm.mean[...], np.zeros(4))


def test_nnx_dropout_and_files(tmp_path):
    model = deepkit.JaxModel(Nnx(0.5, nnx.Rngs(0)), seed=0)
    np.testing.assert_array_equal(model(X), model(X))
    first, second = model(X, training=True), model(X, training=True)
    assert np.abs(first - second).max() > 1e-2
    model.compile("sgd", "mse")
    fit(model)
    model.save_weights(tmp_path / "model.weights.h5")
    again = deepkit.JaxModel(Nnx(0.5, nnx.Rngs(1)))
    again.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(again(X), model(X))
    with pytest.raises(errors.SerializationError, match="of a Flax NNX module cannot be written"):
        model.save(tmp_path / "model.keras")
    with pytest.raises(errors.ArgumentError, match="Expected no `params` for a Flax NNX module"):
        deepkit.JaxModel(Nnx(0.5, nnx.Rngs(1)), params={})


@pytest.mark.parametrize("base", [linen.Module, nnx.Module])
def test_modules_without_a_call(base):
    class Silent(base):
        pass

    with pytest.raises(errors.ArgumentTypeError, match=r"`__call__`, received a Silent without"):
        deepkit.JaxModel(Silent())
