"""JaxModel of plain JAX functions, against the same training by hand with optax."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import deepkit
from deepkit.core import errors

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


def init(key, x):
    first, second = jax.random.split(key)
    return {
        "body": {"kernel": jax.random.normal(first, (x.shape[-1], 4)), "bias": jnp.zeros(4)},
        "head": [jax.random.normal(second, (4, 1)), jnp.zeros(1)],
        "scale": jnp.ones(()),
    }


def apply(params, x):
    hidden = jnp.tanh(x @ params["body"]["kernel"] + params["body"]["bias"])
    return (hidden @ params["head"][0] + params["head"][1]) * params["scale"]


def mse(y_pred, y):
    return jnp.mean((y_pred - y) ** 2)


def fit(model, x=X, y=Y, **arguments):
    return model.fit(x, y, **{"batch_size": 8, "shuffle": False, "verbose": 0, **arguments})


def by_hand(params, loss, transformation, epochs=1):
    """Train by optax on batches of 8 rows, the last one with 4."""

    @jax.jit
    def step(params, state, x, y):
        updates, state = transformation.update(jax.grad(loss)(params, x, y), state, params)
        return optax.apply_updates(params, updates), state

    state = transformation.init(params)
    for start in (0, 8, 16) * epochs:
        params, state = step(params, state, X[start : start + 8], Y[start : start + 8])
    return params


def compare(received, expected):
    """The same sums in two orders: a few units in the last place."""
    assert jax.tree.structure(received) == jax.tree.structure(expected)
    for left, right in zip(jax.tree.leaves(received), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(left, right, rtol=2e-5, atol=1e-6)


def test_trains_as_by_hand():
    model = deepkit.JaxModel((init, apply), seed=3)
    model.compile(deepkit.optimizers.SGD(0.05, momentum=0.9), "mse", metrics=["mae"])
    log = fit(model, epochs=3, validation_data=(X, Y)).history
    params = init(jax.random.key(3), X[:1])
    with jax.numpy_dtype_promotion("standard"):
        expected = by_hand(
            params, lambda p, x, y: mse(apply(p, x), y), optax.sgd(0.05, momentum=0.9), epochs=3
        )
    compare(model.params, expected)
    compare(model.module(), expected)
    assert log["val_loss"][-1] == pytest.approx(float(mse(apply(expected, X), Y)), rel=1e-4)
    np.testing.assert_allclose(model.predict(X, verbose=0), apply(expected, X), rtol=1e-4)
    np.testing.assert_allclose(model(X), apply(expected, X), rtol=1e-4)


PATHS = [
    "jax_model/scale",
    "jax_model/body/bias",
    "jax_model/body/kernel",
    "jax_model/head/0",
    "jax_model/head/1",
]


def test_paths_are_the_keys_of_the_pytree():
    model = deepkit.JaxModel((init, apply), name="jax_model")
    with pytest.raises(errors.NotBuiltError, match="'jax_model' has no parameters yet"):
        _ = model.params
    model.build((None, 3))
    assert [weight.path for weight in model.weights] == PATHS
    assert [layer.name for layer in model.layers] == ["body", "head"]
    assert model.get_layer("body").path == "jax_model/body"
    assert model.count_params() == 22 and len(model.get_weights()) == 5


def test_keys_of_any_kind():
    @jax.tree_util.register_pytree_with_keys_class
    class Node:
        def __init__(self, *parts):
            self.parts = parts

        def tree_flatten_with_keys(self):
            names = ("left", "right")
            return [(jax.tree_util.GetAttrKey(n), p) for n, p in zip(names, self.parts)], None

        @classmethod
        def tree_unflatten(cls, _, parts):
            return cls(*parts)

    params = {
        "mlp/~/linear": {"w": jnp.ones((3, 1))},
        "mlp": {"a": (jnp.ones(()), None, 2.0)},
        "node": Node(jnp.ones(1), {3: np.ones(2, "float32")}),
        "count": jnp.arange(2),
        "mlp/a": jnp.zeros(1),
    }
    model = deepkit.JaxModel(lambda p, x: x @ p["mlp/~/linear"]["w"], params=params, name="m")
    assert sorted(weight.path for weight in model.weights) == [
        "m/count",
        "m/mlp/a",
        "m/mlp/a/0",
        "m/mlp/a/2",
        "m/mlp/~/linear/w",
        "m/node/left",
        "m/node/right/3",
    ]
    assert "m/count" in [weight.path for weight in model.non_trainable_weights]
    assert isinstance(model.params["node"], Node)
    compare(model.params, jax.tree.map(jnp.asarray, params))
    single = deepkit.JaxModel(lambda p, x: x * p, params=jnp.ones(3), name="m")
    assert [weight.path for weight in single.weights] == ["m/value"]


def test_random_keys_as_leaves():
    params = {"w": jnp.ones((3, 1)), "key": jax.random.key(5)}
    model = deepkit.JaxModel(lambda p, x: x @ p["w"] + jax.random.normal(p["key"]), params=params)
    np.testing.assert_allclose(
        model(X), X @ np.ones((3, 1)) + jax.random.normal(params["key"]), rtol=1e-5
    )
    assert model.module()["key"] == params["key"]


def test_parts_are_frozen_and_have_optimizers_of_their_own():
    model = deepkit.JaxModel((init, apply), seed=0)
    model.compile({"body/.*": deepkit.optimizers.SGD(0.0), ".*": "sgd"}, "mse")
    fit(model)
    start = init(jax.random.key(0), X[:1])
    compare(model.params["body"], start["body"])
    assert np.abs(model.params["head"][0] - start["head"][0]).max() > 1e-3
    model.get_layer("head").trainable = False
    head = model.params["head"]
    fit(model)
    compare(model.params["head"], head)
    assert len(model.trainable_weights) == 3
    frozen = deepkit.JaxModel((init, apply), trainable=False)
    frozen.build((None, 3))
    assert frozen.trainable_weights == []


def stateful_init(key, x):
    return {"w": jax.random.normal(key, (x.shape[-1], 1))}, {
        "mean": jnp.zeros(3),
        "n": jnp.int32(0),
    }


def stateful_apply(params, state, x, training):
    mean = jnp.mean(x, 0) if training else state["mean"]
    state = {"mean": 0.5 * state["mean"] + 0.5 * jnp.mean(x, 0), "n": state["n"] + 1}
    return (x - mean) @ params["w"], state


def test_state_is_kept_in_training():
    model = deepkit.JaxModel((stateful_init, stateful_apply), seed=1, name="m")
    model.compile(deepkit.optimizers.SGD(0.1), "mse")
    fit(model)
    params, expected = stateful_init(jax.random.key(1), X)
    for start in (0, 8, 16):
        x, y = X[start : start + 8], Y[start : start + 8]

        def loss(params, x=x, y=y, state=expected):
            outputs, state = stateful_apply(params, state, x, True)
            return mse(outputs, y), state

        slopes, expected = jax.grad(loss, has_aux=True)(params)
        params = jax.tree.map(lambda p, g: p - 0.1 * g, params, slopes)
    compare(model.module(), (params, expected))
    assert [weight.path for weight in model.non_trainable_weights] == ["m/state/mean", "m/state/n"]
    expected = model.state
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    compare(model.state, expected)


def test_random_keys():
    def noisy(params, x, *, key, train=False):
        noise = jax.random.normal(key, x.shape)
        return (x + noise if train else x) @ params["w"]

    deepkit.utils.set_random_seed(0)
    model = deepkit.JaxModel(noisy, params={"w": jnp.ones((3, 1))})
    first, second = model(X, training=True), model(X, training=True)
    assert np.abs(first - second).max() > 0.1
    deepkit.utils.set_random_seed(0)
    again = deepkit.JaxModel(noisy, params={"w": jnp.ones((3, 1))})
    np.testing.assert_array_equal(again(X, training=True), first)
    np.testing.assert_allclose(model(X), X.sum(1, keepdims=True), rtol=1e-5)
    model.compile("sgd", "mse")
    assert np.isfinite(fit(model).history["loss"][0])


def test_one_example_at_a_time():
    def single(params, x, key):
        return jnp.dot(params["w"], x)[None] + 0 * jax.random.normal(key)

    def single_init(key, x):
        return {"w": jax.random.normal(key, x.shape)}

    model = deepkit.JaxModel((single_init, single), per_example=True, seed=2)
    model.compile(deepkit.optimizers.SGD(0.1), "mse")
    fit(model)
    params = single_init(jax.random.key(2), X[0])
    expected = by_hand(params, lambda p, x, y: mse(x @ p["w"][:, None], y), optax.sgd(0.1))
    compare(model.params, expected)


@pytest.mark.parametrize("form", [list, tuple, lambda pair: dict(zip(("b", "a"), pair))])
def test_several_inputs(form):
    def join(params, a, b, scale=2.0):
        return (a @ params["w"] - b) * scale

    model = deepkit.JaxModel(join, params={"w": jnp.ones((3, 1))})
    inputs = form([Y, X] if form not in (list, tuple) else [X, Y])
    expected = (X.sum(1, keepdims=True) - Y) * 2
    np.testing.assert_allclose(model.predict(inputs, verbose=0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["keras", "variadic"])
def test_other_signatures(form):
    """Those of Keras's `JaxLayer`, and those of libraries that pass inputs on as `*args`."""

    def keras_init(rng, inputs, training):
        return {"w": jax.random.normal(rng, (inputs.shape[-1], 1))}, {"steps": jnp.int32(training)}

    def keras_apply(params, state, rng, inputs, training):
        return inputs @ params["w"], {"steps": state["steps"] + jnp.int32(training)}

    def variadic_init(rng, *args, **kwargs):
        return keras_init(rng, *args, training=False)

    def variadic_apply(params, state, rng, *args, **kwargs):
        return keras_apply(params, state, rng, *args, training=True)

    pair = (keras_init, keras_apply) if form == "keras" else (variadic_init, variadic_apply)
    model = deepkit.JaxModel(pair, seed=0)
    expected = X @ keras_init(jax.random.key(0), X, False)[0]["w"]
    np.testing.assert_allclose(model(X, training=True), expected, rtol=1e-5, atol=1e-6)
    assert int(model.state["steps"]) == 1


def test_integer_inputs_make_integer_examples(tmp_path):
    def embed_init(key, tokens):
        assert tokens.dtype == jnp.int32
        return {"table": jax.random.normal(key, (5, 2))}

    def embed(params, tokens):
        return jnp.take(params["table"], tokens, axis=0).sum(1)

    model = deepkit.JaxModel((embed_init, embed), seed=0)
    tokens = np.array([[0, 1], [2, 4]])
    expected = model.predict(tokens, verbose=0)
    table = np.asarray(model.params["table"])
    np.testing.assert_allclose(expected, table[tokens].sum(1), rtol=1e-6)
    model.save(tmp_path / "model.keras")
    functions = {"embed_init": embed_init, "embed": embed}
    again = deepkit.models.load_model(tmp_path / "model.keras", custom_objects=functions)
    np.testing.assert_array_equal(again.predict(tokens, verbose=0), expected)


def test_inputs_of_several_kinds():
    def mixed_init(key, inputs):
        kinds = {name: (value.dtype.name, value.shape) for name, value in inputs.items()}
        assert kinds == {"tokens": ("int32", (1, 2)), "dense": ("float32", (1, 3))}
        return {"table": jnp.ones((5, 2)), "factor": 2.0, "key": key}

    def mixed(params, inputs):
        found = jnp.take(params["table"], inputs["tokens"], axis=0).sum((1, 2))
        return params["factor"] * (found + inputs["dense"].sum(1))[:, None]

    model = deepkit.JaxModel((mixed_init, mixed), name="m")
    model.compile("sgd", "mse")
    inputs = {"tokens": np.zeros((20, 2), "int32"), "dense": X}
    log = fit(model, inputs, Y, batch_size=20).history
    first = 2 * (4 + X.sum(1, keepdims=True))
    assert log["loss"][0] == pytest.approx(float(mse(first, Y)), rel=1e-5)
    assert [w.path for w in model.trainable_weights] == ["m/factor", "m/table"]


def test_files(tmp_path):
    model = deepkit.JaxModel((init, apply), seed=0)
    model.compile({"body/.*": "adam", ".*": "sgd"}, "mse")
    fit(model)
    model.save(tmp_path / "model.keras")
    functions = {"init": init, "apply": apply}
    whole = deepkit.models.load_model(tmp_path / "model.keras", custom_objects=functions)
    model.save_weights(tmp_path / "model.weights.h5")
    weights = deepkit.JaxModel((init, apply))
    weights.compile({"body/.*": "adam", ".*": "sgd"}, "mse")
    weights.build((None, 3))
    weights.load_weights(tmp_path / "model.weights.h5")
    for each in (model, whole, weights):
        fit(each)
    compare(whole.params, model.params)
    compare(weights.params, model.params)


def test_clones_and_parts_of_models():
    model = deepkit.JaxModel((init, apply), seed=0, name="net")
    with deepkit.saving.custom_object_scope({"init": init, "apply": apply}):
        clone = deepkit.models.clone_model(model)
    clone.build((None, 3))
    compare(clone.params, init(jax.random.key(0), X[:1]))
    x = deepkit.Input((3,))
    outer = deepkit.Model(x, deepkit.layers.Dense(1, name="out")(model(x)))
    outer.compile({"net/.*": "adam", "out/.*": "sgd"}, "mse")
    fit(outer)
    assert [len(o.variables) for o in outer.optimizer.optimizers] == [12, 2]
    assert outer.output_shape == (None, 1)

    class Outer(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.inner = deepkit.JaxModel((init, apply), seed=0)

        def call(self, x, training=None):
            return self.inner(x, training=training)

    nested = Outer()
    nested.compile({"inner/body/kernel": "adam", ".*": "sgd"}, "mse")
    fit(nested)
    assert [len(o.variables) for o in nested.optimizer.optimizers] == [4, 2]


def test_callbacks_and_traces(tmp_path):
    model = deepkit.JaxModel((init, apply), seed=0)
    model.compile("adam", "mse")
    path = tmp_path / "best.weights.h5"
    kept = deepkit.callbacks.ModelCheckpoint(path, save_weights_only=True)
    stop = deepkit.callbacks.EarlyStopping("loss", patience=0, min_delta=100.0)
    assert len(fit(model, epochs=9, callbacks=[kept, stop]).epoch) == 2
    programs = model._trainer.programs._by_key.values()
    assert [program.traces for program in programs] == [1]
    fit(model)
    assert [program.traces for program in programs] == [1]
    before = model.get_weights()
    model.load_weights(path)
    assert any((a != b).any() for a, b in zip(before, model.get_weights()))
    model.set_weights(before)
    compare(model.get_weights(), before)
    logs = model.train_on_batch(X, Y, return_dict=True)
    assert logs["loss"] == pytest.approx(float(mse(apply(_tree(before), X), Y)), rel=1e-5)


def _tree(weights):
    scale, bias, kernel, *head = weights
    return {"body": {"kernel": kernel, "bias": bias}, "head": head, "scale": scale}


def test_half_precision():
    seen = []

    def noted(params, x):
        seen.append((x.dtype.name, params["w"].dtype.name, params["n"].dtype.name))
        return x @ params["w"]

    params = {"w": jnp.ones((3, 1)), "n": jnp.arange(2)}
    model = deepkit.JaxModel(noted, params=params, dtype="mixed_float16")
    model.compile("sgd", "mse")
    fit(model)
    assert set(seen) == {("float16", "float16", "int32")}
    assert type(model.optimizer) is deepkit.optimizers.LossScaleOptimizer
    assert model.weights[0].stored_dtype == "float32" or model.weights[1].stored_dtype == "float32"
    # Without such a policy parameters keep the dtypes that they came with.
    seen.clear()
    kept = {"w": jnp.ones((3, 1), "bfloat16"), "n": jnp.arange(2)}
    deepkit.JaxModel(noted, params=kept)(X)
    assert seen == [("float32", "bfloat16", "int32")]


def test_summary(capsys):
    model = deepkit.JaxModel((init, apply), name="net")
    model.build((None, 3))
    model.summary()
    text = capsys.readouterr().out
    assert "body (WeightGroup)" in text and "Trainable params: 22" in text


def raised(kind, network, x=X, **arguments):
    with pytest.raises(kind) as caught:
        deepkit.JaxModel(network, **arguments)(x)
    return str(caught.value)


def test_networks_of_no_known_kind():
    assert "Expected a pair of functions" in raised(errors.ArgumentTypeError, 3)
    assert "received [3, 4]" in raised(errors.ArgumentTypeError, [3, 4])
    message = raised(errors.ArgumentTypeError, dict)
    assert "Make one: `JaxModel(dict(...))`" in message
    assert "Expected a pair" in raised(errors.ArgumentTypeError, deepkit.layers.Dense(1))
    assert "received `apply` alone" in raised(errors.ArgumentError, apply)
    assert "whose parameters Python can tell" in raised(errors.ArgumentTypeError, (init, max))


def test_parameters_that_are_missing():
    message = raised(errors.ArgumentError, (init, lambda: 1))
    assert "first parameters of `apply` to take params, received the signature ()" in message
    message = raised(errors.ArgumentError, (init, lambda params: 1))
    assert "`apply` to have a parameter for the inputs, received the signature (params)" in message
    message = raised(errors.ArgumentError, (lambda: 1, apply))
    assert "first parameters of `init` to take key" in message
    message = raised(errors.ArgumentError, lambda p, x: x, params={}, state={"n": 1})
    assert "`apply` to have a parameter named `state`" in message
    message = raised(errors.ArgumentError, lambda p, state, x: x, params={})
    assert "Expected `state`, because `apply` has a parameter named `state`" in message
    message = raised(errors.ArgumentError, (stateful_init, stateful_apply), state={"n": 1})
    assert "Expected `params` beside `state`, received `state` alone" in message
    message = raised(errors.ArgumentError, lambda p, a, b: a, params={})
    assert "inputs for the parameters ['a', 'b'] of `apply`" in message
    message = raised(errors.ArgumentError, lambda p, a, b: a, x=[X, X, X], params={})
    assert "received list of 3" in message
    message = raised(errors.ArgumentError, lambda p, a, b: a, x={"c": X}, params={})
    assert "received a dict with ['c']" in message


def test_what_functions_return():
    message = raised(errors.ArgumentTypeError, (lambda key: None, apply))
    assert "parameters of 'jax_model" in message and "received None" in message
    message = raised(errors.ArgumentTypeError, (lambda key: {"a": ["text"]}, apply))
    assert "received 'text' of type str at ['a'][0]" in message
    message = raised(errors.ArgumentTypeError, (lambda key: len, apply))
    assert "at its only leaf. Keep what is no array out of it" in message
    message = raised(errors.ArgumentError, (lambda key: {}, lambda p, state, x: x))
    assert "Expected `init` to return `(params, state)`" in message
    message = raised(errors.ArgumentError, lambda p, state, x: x, params={}, state={})
    assert "Expected `apply` to return `(outputs, new_state)`" in message
    message = raised(errors.ArgumentTypeError, lambda p, x: "text", params={})
    assert (
        "`apply` to return an array, or a list, tuple or dict of them, received 'text'" in message
    )
    message = raised(errors.ArgumentError, lambda p, x: jnp.ones(3), params={})
    assert "a row for each of the 20 rows of the inputs, received the shape (3,)" in message
    assert "JaxModel(..., per_example=True)" in message
    message = raised(errors.ArgumentError, lambda p, x: x, x=np.float32(1), params={})
    assert "the batch as their first axis" in message


@pytest.mark.parametrize(
    "new, text",
    [({"m": 1}, "to have the structure of the state of"), ({"n": jnp.ones(2)}, "shape () at")],
)
def test_states_that_change_their_form(new, text):
    model = deepkit.JaxModel(lambda p, state, x: (x, new), params={}, state={"n": jnp.ones(())})
    model(X)
    with pytest.raises(errors.ArgumentError) as caught:
        model(X, training=True)
    assert "Expected the new state from `apply`" in str(caught.value) and text in str(caught.value)


def test_building_without_a_shape():
    with pytest.raises(errors.ArgumentError, match="Expected the shape of the inputs in `build`"):
        deepkit.JaxModel((init, apply)).build()


def test_configs_hold_no_arrays():
    model = deepkit.JaxModel(lambda p, x: x, params={})
    with pytest.raises(errors.SerializationError, match="whose `params` are given cannot be"):
        model.get_config()


def test_no_library_is_imported():
    code = """
import sys, deepkit, jax.numpy as jnp
model = deepkit.JaxModel(lambda p, x: x * p, params=jnp.ones(3))
model(jnp.ones((2, 3)))
print([name for name in ("equinox", "flax", "optax") if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr
