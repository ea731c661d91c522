"""The losses of fit, epoch by epoch, beside Keras's from the same weights and rows."""

import functools

import numpy as np
import pytest

import deepkit
from tests.oracle import keras, oracle

ROWS, BATCH, EPOCHS = 22, 8, 3
# Float32 carries 1.2e-7; both run the same sums in another order, and Adam's division by a small
# root of the second moment magnifies their difference over the nine steps to about 1e-5.
TOLERANCE = {"rtol": 5e-5, "atol": 1e-6}
OPTIONS = {"batch_size": BATCH, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
RNG = np.random.default_rng(3)
X = RNG.normal(size=(ROWS, 5)).astype("float32")
Y = RNG.normal(size=(ROWS, 2)).astype("float32")
LABELS = RNG.integers(0, 3, ROWS).astype("int32")
WEIGHT = RNG.random(ROWS).astype("float32")


def dense(library):
    return library.Sequential(
        [
            library.Input((5,)),
            library.layers.Dense(7, activation="tanh"),
            library.layers.Dense(2),
        ]
    )


def normalized(library):
    return library.Sequential(
        [
            library.Input((5,)),
            library.layers.Dense(7, use_bias=False),
            library.layers.BatchNormalization(momentum=0.8),
            library.layers.Activation("relu"),
            library.layers.Dense(2, kernel_regularizer=library.regularizers.L2(0.1)),
        ]
    )


def penalized(library):
    class Penalty(library.layers.Layer):
        def call(self, inputs):
            self.add_loss(0.1 * library.ops.mean(library.ops.square(inputs)))
            return inputs

    inputs = library.Input((5,))
    hidden = Penalty()(library.layers.Dense(4, activity_regularizer="l2")(inputs))
    return library.Model(inputs, library.layers.Dense(2)(hidden))


def two_headed(library):
    inputs = library.Input((5,))
    hidden = library.layers.Dense(6, activation="relu")(inputs)
    first = library.layers.Dense(2, name="first")(hidden)
    second = library.layers.Dense(3, activation="softmax", name="second")(hidden)
    return library.Model(inputs, [first, second])


def classifier(library):
    return library.Sequential([library.Input((5,)), library.layers.Dense(3, activation="softmax")])


HEADS = {
    "loss": ["mse", "sparse_categorical_crossentropy"],
    "loss_weights": [0.5, 2.0],
    "metrics": [["mae"], ["accuracy"]],
}
LABELLED = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
# Model, targets, arguments of compile, arguments of fit.
CASES = {
    "dense": (dense, Y, {"loss": "mse", "metrics": ["mae"]}, {}),
    "batch normalization": (normalized, Y, {"loss": "huber"}, {}),
    "added losses": (penalized, Y, {"loss": "mse"}, {}),
    "two outputs": (two_headed, [Y, LABELS], HEADS, {}),
    "class weights": (classifier, LABELS, LABELLED, {"class_weight": {0: 3.0, 2: 0.5}}),
    "sample weights": (
        dense,
        Y,
        {"loss": "mse", "weighted_metrics": ["mae"]},
        {"sample_weight": WEIGHT},
    ),
    "column of weights": (dense, Y, {"loss": "mse"}, {"sample_weight": WEIGHT[:, None]}),
    "weights of two outputs": (
        two_headed,
        [Y, LABELS],
        HEADS,
        {"sample_weight": [WEIGHT, WEIGHT[::-1].copy()]},
    ),
    "validation split": (dense, Y, {"loss": "mse"}, {"validation_split": 0.3}),
}


def copies(build):
    with oracle():
        theirs = build(keras)
        weights = theirs.get_weights()
    ours = build(deepkit)
    ours.set_weights(weights)
    return ours, theirs


@functools.cache
def reference(case):
    """What Keras does: first weights, history, last weights."""
    build, y, compiled, fitted = CASES[case]
    with oracle():
        model = build(keras)
        first = model.get_weights()
        model.compile(optimizer="adam", **compiled)
        history = model.fit(X, y, **OPTIONS, **fitted).history
        return first, history, model.get_weights()


def assert_follows(case, **more):
    build, y, compiled, fitted = CASES[case]
    first, history, last = reference(case)
    model = build(deepkit)
    model.set_weights(first)
    model.compile(optimizer="adam", **compiled, **more)
    found = model.fit(X, y, **OPTIONS, **fitted).history
    assert set(found) == set(history)
    for name, values in history.items():
        np.testing.assert_allclose(found[name], values, err_msg=name, **TOLERANCE)
    for mine, theirs in zip(model.get_weights(), last, strict=True):
        # After a few steps the weights differ as much as the losses that drive them.
        np.testing.assert_allclose(mine, theirs, rtol=5e-4, atol=5e-6)


@pytest.mark.parametrize("case", CASES)
def test_histories_agree(case):
    assert_follows(case)


WAYS = ({"run_eagerly": True}, {"jit_compile": False}, {"steps_per_execution": 2})


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_they_agree_in_every_way_of_running(way):
    assert_follows("batch normalization", **way)


@pytest.mark.parametrize("case", ["two outputs", "sample weights"])
def test_evaluate_lists_the_values_in_the_same_order(case):
    build, y, compiled, fitted = CASES[case]
    ours, theirs = copies(build)
    weights = {"sample_weight": fitted.get("sample_weight")}
    with oracle():
        theirs.compile(optimizer="sgd", **compiled)
        expected = theirs.evaluate(X, y, batch_size=BATCH, verbose=0, **weights)
        named = theirs.evaluate(X, y, batch_size=BATCH, verbose=0, return_dict=True, **weights)
        single = theirs.test_on_batch(X, y, **weights)
    ours.compile(optimizer="sgd", **compiled)
    found = ours.evaluate(X, y, batch_size=BATCH, verbose=0, **weights)
    np.testing.assert_allclose(found, expected, **TOLERANCE)
    values = ours.evaluate(X, y, batch_size=BATCH, verbose=0, return_dict=True, **weights)
    assert set(values) == set(named)
    np.testing.assert_allclose([values[n] for n in named], list(named.values()), **TOLERANCE)
    np.testing.assert_allclose(ours.test_on_batch(X, y, **weights), single, **TOLERANCE)


def test_single_batches_agree():
    ours, theirs = copies(normalized)
    ours.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    with oracle():
        theirs.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    for rows in (slice(0, 8), slice(8, 16), slice(16, 22)):
        with oracle():
            expected = theirs.train_on_batch(X[rows], Y[rows], return_dict=True)
        found = ours.train_on_batch(X[rows], Y[rows], return_dict=True)
        assert set(found) == set(expected)
        np.testing.assert_allclose(list(found.values()), list(expected.values()), **TOLERANCE)
    with oracle():
        expected = theirs.predict_on_batch(X)
    np.testing.assert_allclose(ours.predict_on_batch(X), expected, **TOLERANCE)
    np.testing.assert_allclose(ours.predict(X, batch_size=5, verbose=0), expected, **TOLERANCE)


def test_weights_of_classes_for_single_batches():
    ours, theirs = copies(classifier)
    ours.compile(optimizer="sgd", **LABELLED)
    with oracle():
        theirs.compile(optimizer="sgd", **LABELLED)
        expected = theirs.train_on_batch(X, LABELS, class_weight={0: 3.0, 2: 0.5})
    found = ours.train_on_batch(X, LABELS, class_weight={0: 3.0, 2: 0.5})
    np.testing.assert_allclose(found, expected, **TOLERANCE)


def test_dropped_units_are_drawn_anew_in_each_step_and_epoch():
    inputs = deepkit.Input((5,))
    outputs = deepkit.layers.Dropout(0.5)(inputs)
    model = deepkit.Model(inputs, outputs)
    model.compile(optimizer="sgd", loss="mse")
    x, y = np.ones((16, 5)), np.zeros((16, 5))
    losses = model.fit(x, y, batch_size=8, epochs=6, verbose=0).history["loss"]
    # Of 80 units some stay, with the value 2; the same 80 six times over would be no chance.
    assert len(set(losses)) > 2
    assert model.evaluate(x, y, verbose=0) == pytest.approx(1.0)
