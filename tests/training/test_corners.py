"""Corners of fit: several threads, mixed precision, optional inputs, weights of several outputs."""

import threading

import jax
import numpy as np
import pytest

import deepkit
from deepkit import layers, optimizers
from tests.oracle import keras, oracle

RNG = np.random.default_rng(2)
X = RNG.normal(size=(24, 4)).astype("float32")
Y = (X @ RNG.normal(size=(4, 2))).astype("float32")
WEIGHTS = RNG.random(24).astype("float32")


def chain(k):
    model = k.Sequential([k.Input((4,)), k.layers.Dense(8, "tanh"), k.layers.Dense(2)])
    generator = np.random.default_rng(3)
    model.set_weights(
        [generator.normal(scale=0.5, size=w.shape).astype(w.dtype) for w in model.get_weights()]
    )
    return model


def in_threads(*functions):
    """What functions return or raise that run at the same time."""
    results = [None] * len(functions)
    start = threading.Barrier(len(functions))

    def run(place):
        start.wait()
        try:
            results[place] = functions[place]()
        except BaseException as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_several_models_train_in_several_threads():
    alone = chain(deepkit)
    alone.compile("adam", "mse")
    alone.fit(X, Y, batch_size=5, epochs=3, shuffle=False, verbose=0)
    models = [chain(deepkit) for _ in range(3)]

    def train(model):
        def run():
            model.compile("adam", "mse")
            model.fit(X, Y, batch_size=5, epochs=3, shuffle=False, verbose=0)

        return run

    assert in_threads(*map(train, models)) == [None] * 3
    for model in models:
        for ours, expected in zip(model.get_weights(), alone.get_weights()):
            np.testing.assert_array_equal(ours, expected)


def test_threads_trace_and_predict_with_one_model():
    model = chain(deepkit)
    expected = np.asarray(model(X))

    def predict(size):
        return lambda: [model.predict(X, batch_size=size, verbose=0) for _ in range(5)]

    def trace():
        values = [v.value for v in model.variables]
        run = jax.jit(lambda values, x: model.stateless_call(values, [], x)[0])
        return [run(values, X), model(X), model.predict_on_batch(X)]

    found = in_threads(*map(predict, (24, 7, 5, 1)), trace, trace)
    for outputs in found:
        assert isinstance(outputs, list), outputs
        for output in outputs:
            # Products of a few numbers each; compiled for other numbers of rows.
            np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)
    assert [v.value.shape for v in model.variables] == [(4, 8), (8,), (8, 2), (2,)]


def test_threads_predict_while_one_draws_and_another_builds():
    model = deepkit.Sequential([layers.Dense(8), layers.Dropout(0.5), layers.Dense(2)])

    def predict():
        return [model.predict(X, batch_size=6, verbose=0) for _ in range(5)]

    def draw():
        return [np.asarray(model(X, training=True)) for _ in range(5)]

    first, second, drawn = in_threads(predict, predict, draw)
    assert all(isinstance(result, list) for result in (first, second, drawn)), (first, drawn)
    assert len(model.weights) == 4
    for output in (*first, *second):
        np.testing.assert_array_equal(output, first[0])
    assert len({output.tobytes() for output in drawn}) == 5


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float64"])
def test_training_by_policy_learns_and_keeps_dtypes(policy):
    if policy == "float64":
        jax.config.update("jax_enable_x64", True)
    try:
        deepkit.utils.set_random_seed(0)
        model = deepkit.Sequential(
            [
                deepkit.Input((4,)),
                layers.Dense(16, "relu", dtype=policy),
                layers.BatchNormalization(dtype=policy),
                layers.Dense(2, dtype=policy),
            ]
        )
        model.compile(optimizers.Adam(0.02), "mse", metrics=["mae"])
        history = model.fit(X, Y, epochs=30, batch_size=8, verbose=0).history
        assert np.isfinite(history["loss"]).all() and np.isfinite(history["mae"]).all()
        assert history["loss"][-1] < 0.3 * history["loss"][0]
        wanted = deepkit.DTypePolicy(policy)
        assert {v.dtype for v in model.layers[0].weights} == {wanted.variable_dtype}
        assert model.predict(X, verbose=0).dtype == wanted.compute_dtype
    finally:
        if policy == "float64":
            jax.config.update("jax_enable_x64", False)


def test_a_model_of_mixed_float16_scales_its_loss():
    deepkit.config.set_dtype_policy("mixed_float16")
    try:
        model = deepkit.Sequential([deepkit.Input((4,)), layers.Dense(2)])
        model.compile(optimizers.SGD(0.05), "mse")
        assert isinstance(model.optimizer, optimizers.LossScaleOptimizer)
        losses = model.fit(X, Y, epochs=20, batch_size=8, verbose=0).history["loss"]
        assert losses[-1] < 0.3 * losses[0]
        # Each step that overflows is skipped and halves the scale.
        skipped = 60 - int(model.optimizer.iterations)
        assert float(model.optimizer.dynamic_scale) == 2.0 ** (15 - skipped)
    finally:
        deepkit.config.set_dtype_policy("float32")


def two_outputs(k):
    inputs = k.Input((4,), name="x")
    hidden = k.layers.Dense(3, "tanh", name="hidden")(inputs)
    outputs = {"a": k.layers.Dense(2, name="a")(hidden), "b": k.layers.Dense(1, name="b")(hidden)}
    model = k.Model(inputs, outputs)
    generator = np.random.default_rng(4)
    model.set_weights(
        [generator.normal(scale=0.5, size=w.shape).astype(w.dtype) for w in model.get_weights()]
    )
    return model


def test_weights_of_outputs_in_a_dict_are_those_of_keras():
    targets = {"a": Y, "b": Y[:, :1]}
    weights = {"a": WEIGHTS, "b": 1 - WEIGHTS}
    found = []
    for k in (keras, deepkit):
        with oracle():
            model = two_outputs(k)
            model.compile(
                k.optimizers.SGD(0.1),
                {"a": "mse", "b": "mae"},
                loss_weights={"a": 2.0, "b": 0.5},
                metrics={"a": ["mae"]},
                weighted_metrics={"b": ["mse"]},
            )
            options = {"batch_size": 7, "shuffle": False, "verbose": 0}
            history = model.fit(X, targets, sample_weight=weights, epochs=2, **options).history
            results = model.evaluate(
                X, targets, sample_weight=weights, batch_size=7, verbose=0, return_dict=True
            )
            found.append((history, results, model.get_weights()))
    (theirs, their_results, their_weights), (ours, results, our_weights) = found
    assert set(ours) == set(theirs)
    for name in theirs:
        # Means of some dozen float32 numbers, in another order.
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5)
        np.testing.assert_allclose(results[name], their_results[name], rtol=1e-5)
    for a, b in zip(our_weights, their_weights):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def optional_inputs(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b", optional=True)

    class AddIfThere(k.layers.Layer):
        def call(self, a, b=None):
            return a if b is None else a + b

        def compute_output_shape(self, a_shape, b_shape=None):
            return a_shape

    return k.Model({"a": a, "b": b}, AddIfThere()(a, b))


def test_optional_inputs_in_a_dict_are_those_of_keras():
    for inputs in ({"a": X, "b": X}, {"a": X, "b": None}):
        with oracle():
            expected = np.asarray(optional_inputs(keras)(inputs))
        np.testing.assert_array_equal(optional_inputs(deepkit)(inputs), expected)


LOSSES = {
    "circle": ("Circle", np.zeros((3, 1), "int32"), np.ones((4, 5), "float32")),
    "ctc": ("CTC", np.ones((3, 2), "int32"), np.ones((4, 5, 6), "float32")),
    "generalized crossentropy": (
        "CategoricalGeneralizedCrossEntropy",
        np.eye(3, dtype="float32"),
        np.ones((4, 3), "float32"),
    ),
}


@pytest.mark.parametrize("case", LOSSES)
def test_losses_refuse_targets_of_another_length(case):
    name, y_true, y_pred = LOSSES[case]
    with pytest.raises(deepkit.errors.DeepkitError) as raised:
        getattr(deepkit.losses, name)()(y_true, y_pred)
    assert "3" in str(raised.value) and "4" in str(raised.value)
