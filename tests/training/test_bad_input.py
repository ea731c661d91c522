"""What cannot be used is refused with a clear error before anything is changed."""

import itertools

import numpy as np
import pytest

import deepkit
from deepkit import errors, layers

N, FEATURES, CLASSES = 6, 4, 3
RNG = np.random.default_rng(0)
X = RNG.random((N, FEATURES), "float32")
Y = RNG.random((N, CLASSES), "float32")
ONE_HOT = np.eye(CLASSES, dtype="float32")[[0, 1, 2, 0, 1, 2]]


def chain(loss="mse", units=CLASSES, activation=None):
    model = deepkit.Sequential(
        [deepkit.Input((FEATURES,)), layers.Dense(units, activation=activation)]
    )
    model.compile(optimizer="sgd", loss=loss)
    return model


@pytest.fixture(scope="module")
def regression():
    return chain()


@pytest.fixture(scope="module")
def classifier():
    return chain("sparse_categorical_crossentropy", activation="softmax")


def assert_refused(model, error, texts, method, *args, **kwargs):
    """It raises `error` with all `texts` in its message, and no weight is changed."""
    before = model.get_weights()
    with pytest.raises(error) as raised:
        getattr(model, method)(*args, **kwargs)
    assert isinstance(raised.value, errors.DeepkitError)
    message = "\n".join([str(raised.value), *getattr(raised.value, "__notes__", ())])
    for text in texts if isinstance(texts, tuple) else (texts,):
        assert text in message
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def ones(*shape):
    return np.ones(shape, "float32")


# Positional arguments, keyword arguments, error, parts of its message.
FIT = {
    "y is shorter": ((X, Y[:5]), {}, errors.DataError, ("x has 6", "y has 5")),
    "weights are shorter": (
        (X, Y),
        {"sample_weight": ones(5)},
        errors.DataError,
        ("x has 6", "y has 6", "sample_weight has 5"),
    ),
    "nested inputs differ": (
        ({"a": X, "b": X[:3]}, Y),
        {},
        errors.DataError,
        ("x['a'] has 6", "x['b'] has 3"),
    ),
    "validation differs": (
        (X, Y),
        {"validation_data": (X, Y[:2])},
        errors.DataError,
        ("x has 6", "y has 2"),
    ),
    "validation weights differ": (
        (X, Y),
        {"validation_data": (X, Y, ones(2))},
        errors.DataError,
        "sample_weight has 2",
    ),
    "validation of four parts": (
        (X, Y),
        {"validation_data": (X, Y, ones(6), 1)},
        errors.DataError,
        ("`validation_data`", "length 4"),
    ),
    "no samples": ((X[:0], Y[:0]), {}, errors.DataError, ("at least one sample", "x with none")),
    "no data": ((None, Y), {}, errors.DataError, "x to be data, received None"),
    "no targets": ((X,), {}, errors.DataError, ("no target", "'dense")),
    "zero steps": ((X, Y), {"steps_per_epoch": 0}, errors.ArgumentError, "`steps_per_epoch`"),
    "zero validation steps": (
        (X, Y),
        {"validation_data": (X, Y), "validation_steps": 0},
        errors.ArgumentError,
        "`validation_steps`",
    ),
    "split above one": (
        (X, Y),
        {"validation_split": 1.5},
        errors.ArgumentError,
        "`validation_split`",
    ),
    "split that leaves none": (
        (X[:1], Y[:1]),
        {"validation_split": 0.5},
        errors.DataError,
        ("of 1 samples", "none would be left for training"),
    ),
    "empty generator": ((iter([]),), {}, errors.DataError, "the generator to yield at least one"),
    "empty list of batches": (([],), {}, errors.DataError, "received"),
    "y with a generator": ((iter([(X, Y)]), Y), {}, errors.ArgumentError, "no `y` where `x`"),
    "batch size with a generator": (
        (iter([(X, Y)]),),
        {"batch_size": 2},
        errors.ArgumentError,
        "no `batch_size` where `x` is a generator",
    ),
    "objects": ((X.astype(object), Y), {}, errors.DataError, ("x to hold numbers", "object")),
    "text": ((X.astype("U3"), Y), {}, errors.DataError, ("x to hold real numbers", "<U3")),
    "complex": ((X.astype(complex), Y), {}, errors.DataError, ("real numbers", "complex128")),
    "targets of text": ((X, np.array(["a"] * N)), {}, errors.DataError, "y to hold"),
    "ragged": (([[1.0, 2.0], [3.0]], Y[:2]), {}, errors.DataError, "ragged"),
    "a number": ((3, Y), {}, errors.DataError, "received a int"),
    "feature size": ((X[:, :3], Y), {}, errors.ShapeError, ("(None, 4)", "(6, 3)", "input_layer")),
    "rank": ((X[:, None], Y), {}, errors.ShapeError, ("(None, 4)", "(6, 1, 4)")),
    "rank one": ((X[:, 0], Y), {}, errors.ShapeError, ("(None, 4)", "(6,)")),
    "zero batch size": ((X, Y), {"batch_size": 0}, errors.ArgumentError, "`batch_size`"),
    "negative batch size": ((X, Y), {"batch_size": -1}, errors.ArgumentError, "received -1"),
    "broken batch size": ((X, Y), {"batch_size": 2.5}, errors.ArgumentError, "received 2.5"),
    "negative epochs": ((X, Y), {"epochs": -1}, errors.ArgumentError, "`epochs`"),
    "broken epochs": ((X, Y), {"epochs": 1.5}, errors.ArgumentError, "`epochs`"),
    "negative start": ((X, Y), {"initial_epoch": -1}, errors.ArgumentError, "`initial_epoch`"),
    "validation frequency": (
        (X, Y),
        {"validation_freq": "a"},
        errors.ArgumentError,
        "`validation_freq`",
    ),
    "zero validation frequency": (
        (X, Y),
        {"validation_freq": 0},
        errors.ArgumentError,
        "`validation_freq`",
    ),
    "shuffle": ((X, Y), {"shuffle": "rows"}, errors.ArgumentError, "`shuffle`"),
    "no callback": ((X, Y), {"callbacks": [3]}, errors.ArgumentTypeError, "received a int"),
    "weights of classes": (
        (X, Y),
        {"class_weight": [1.0]},
        errors.ArgumentError,
        "received a list",
    ),
    "both weights": (
        (X, ONE_HOT),
        {"class_weight": {0: 2.0}, "sample_weight": ones(N)},
        errors.ArgumentError,
        "received both",
    ),
    "weights of two columns": (
        (X, Y),
        {"sample_weight": ones(N, 2)},
        errors.ShapeError,
        ("`sample_weight`", "(6, 2)"),
    ),
    "monitor": (
        (X, Y),
        {"callbacks": deepkit.callbacks.EarlyStopping("val_los"), "validation_data": (X, Y)},
        errors.UnknownNameError,
        ("'val_los'", "val_loss"),
    ),
}


@pytest.mark.parametrize("case", FIT)
def test_fit_refuses(regression, case):
    args, kwargs, error, texts = FIT[case]
    assert_refused(regression, error, texts, "fit", *args, verbose=0, **kwargs)


@pytest.mark.parametrize("method", ["evaluate", "predict"])
def test_an_empty_generator_is_refused(regression, method):
    assert_refused(
        regression, errors.DataError, "the generator to yield", method, iter([]), verbose=0
    )


def test_nothing_to_predict_gives_nothing(regression):
    assert regression.predict(X[:0], verbose=0).shape == (0, CLASSES)
    assert_refused(
        regression, errors.DataError, "at least one sample", "evaluate", X[:0], Y[:0], verbose=0
    )


def test_a_generator_that_ends_early_says_how_many_batches_came(regression):
    with (
        pytest.warns(UserWarning, match="3 batches were wanted and 1 came"),
        pytest.raises(errors.DataError, match="4 batches in all"),
    ):
        regression.fit(iter([(X, Y)] * 4), steps_per_epoch=3, epochs=5, verbose=0)
    assert len(regression.history.history["loss"]) == 2


def test_a_generator_without_steps_ends_with_its_epoch(regression):
    with pytest.raises(errors.DataError, match="received none"):
        regression.fit(iter([(X, Y)]), epochs=2, verbose=0)


def test_a_batch_of_a_stream_is_named(regression):
    stream = iter([(X, Y), (X, Y[:2])])
    with pytest.raises(errors.DataError, match="x of batch 1 has 6, y of batch 1 has 2"):
        regression.fit(stream, verbose=0)


# A loss that compares integer labels, or takes sequences, has its own rules for shapes.
PAIRED = [
    "mse",
    "mae",
    "mape",
    "msle",
    "huber",
    "log_cosh",
    "hinge",
    "squared_hinge",
    "kld",
    "poisson",
    "cosine_similarity",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "dice",
    "tversky",
]


@pytest.fixture(scope="module", params=[CLASSES, N], ids="units={}".format)
def head(request):
    return chain(units=request.param, activation="softmax")


@pytest.mark.parametrize("loss", PAIRED)
def test_targets_of_one_column_are_not_broadcast(head, loss):
    units = head.output_shape[-1]
    head.compile(optimizer="sgd", loss=loss)
    for y in (ones(N, 1), ones(N)):
        shapes = (f"{y.shape}", f"({N}, {units})")
        assert_refused(head, errors.ShapeError, shapes, "fit", X, y, verbose=0)
        assert_refused(head, errors.ShapeError, shapes, "train_on_batch", X, y)
        assert_refused(head, errors.ShapeError, shapes, "evaluate", X, y, verbose=0)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_one_column_may_be_missing_on_either_side(loss):
    model = chain(loss, units=1, activation="sigmoid")
    flat = model.evaluate(X, ones(N), verbose=0)
    assert flat == pytest.approx(model.evaluate(X, ones(N, 1), verbose=0), rel=1e-6)


@pytest.mark.parametrize("shape", [(N,), (N, 1)])
@pytest.mark.parametrize("label", [-1, CLASSES, 255, 1.7])
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_labels_out_of_range_are_named(classifier, shape, label, method):
    y = np.zeros(shape, "float32" if label == 1.7 else "int32")
    y[4] = label
    texts = (f"y_true[4{', 0' * (len(shape) - 1)}] = {label}",)
    options = {} if method == "train_on_batch" else {"verbose": 0, "batch_size": 2}
    assert_refused(classifier, errors.DataError, texts, method, X, y, **options)


def test_a_label_in_a_stream_is_named_with_its_batch(classifier):
    good, bad = np.zeros(N, "int32"), np.full(N, 7, "int32")
    with pytest.raises(errors.DataError, match=r"y_true\[0\] = 7") as raised:
        classifier.fit(iter([(X, good), (X, bad)]), verbose=0)
    assert "This is in batch 1, counted from 0." in raised.value.__notes__


@pytest.mark.parametrize("index", [-1, 5])
@pytest.mark.parametrize("method", ["fit", "predict", "predict_on_batch", "__call__"])
def test_indices_out_of_range_are_named(embedding, index, method):
    x = np.zeros((N, 2), "int32")
    x[3, 1] = index
    data = (x, ones(N, 1)) if method == "fit" else (x,)
    options = {"verbose": 0} if method in ("fit", "predict") else {}
    texts = ("0 to 4", f"{index} at [3, 1]", "embedding")
    assert_refused(embedding, errors.DataError, texts, method, *data, **options)


@pytest.fixture(scope="module")
def embedding():
    model = deepkit.Sequential(
        [
            deepkit.Input((2,), dtype="int32"),
            layers.Embedding(5, 2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="sgd", loss="mse")
    return model


@pytest.fixture(scope="module")
def keyed():
    a, b = deepkit.Input((2,), name="a"), deepkit.Input((2,), name="b")
    joined = layers.Concatenate()([a, b])
    model = deepkit.Model({"a": a, "b": b}, layers.Dense(1)(joined))
    model.compile(optimizer="sgd", loss="mse")
    return model


KEYED = {
    "missing": ({"a": X[:, :2]}, ("['a', 'b']", "['b'] missing")),
    "extra": (dict.fromkeys("abc", X[:, :2]), ("['a', 'b']", "['c']", "no input for")),
    "mistyped": (dict.fromkeys(("a", "bb"), X[:, :2]), ("['b'] missing", "Did you mean 'bb'?")),
    "one array": (X[:, :2], ("['a', 'b']", "one array of shape (6, 2)")),
    "too many": ([X[:, :2]] * 3, ("2 inputs", "received 3")),
    "wrong size": ({"a": X[:, :2], "b": X}, ("'b'", "(None, 2)", "(6, 4)")),
}


@pytest.mark.parametrize("case", KEYED)
@pytest.mark.parametrize("method", ["fit", "predict"])
def test_inputs_by_key(keyed, case, method):
    x, texts = KEYED[case]
    data = (x, ones(N, 1)) if method == "fit" else (x,)
    assert_refused(keyed, errors.ShapeError, texts, method, *data, verbose=0)


def test_channels_in_the_wrong_place():
    model = deepkit.Sequential([deepkit.Input((5, 6, 3)), layers.Flatten(), layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    texts = ("(None, 5, 6, 3)", "(2, 3, 5, 6)")
    assert_refused(model, errors.ShapeError, texts, "fit", ones(2, 3, 5, 6), ones(2, 1), verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_before_compile(method):
    model = deepkit.Sequential([deepkit.Input((FEATURES,)), layers.Dense(1)])
    assert_refused(
        model, errors.NotCompiledError, ("must be compiled", f"`{method}`"), method, X, Y
    )


UNKNOWN = {
    "loss": (lambda m: m.compile(loss="hing"), "Unknown loss 'hing'. Did you mean 'hinge'"),
    "optimizer": (lambda m: m.compile("adma"), "Unknown optimizer 'adma'. Did you mean 'adam"),
    "metric": (lambda m: m.compile(metrics=["acuracy"]), "Unknown metric 'acuracy'. Did you mean"),
    "activation": (lambda m: layers.Dense(1, activation="relo"), "Did you mean 'relu'"),
    "layer": (lambda m: m.get_layer("dens"), "no layer named 'dens'. Did you mean 'dense"),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_unknown_names_come_with_the_closest(regression, kind):
    use, text = UNKNOWN[kind]
    optimizer, loss = regression.optimizer, regression.loss
    with pytest.raises(errors.UnknownNameError) as raised:
        use(regression)
    assert text in str(raised.value)
    assert regression.optimizer is optimizer and regression.loss is loss


COMPILE = {
    "jit_compile": ({"jit_compile": "yes"}, "`jit_compile`"),
    "steps_per_execution": ({"steps_per_execution": 0}, "`steps_per_execution`"),
    "metrics alone": ({"metrics": "mae"}, "`metrics=[...]`"),
    "weights of losses": ({"loss": "mse", "loss_weights": "a"}, "`loss_weights`"),
}


@pytest.mark.parametrize("case", COMPILE)
def test_compile_refuses(regression, case):
    kwargs, text = COMPILE[case]
    assert_refused(regression, errors.ArgumentError, text, "compile", **kwargs)


def test_no_optimizer():
    model = chain()
    model.compile(optimizer=None, loss="mse")
    assert_refused(model, errors.ArgumentError, "without an optimizer", "fit", X, Y, verbose=0)


def test_nothing_to_minimize():
    model = chain(loss=None)
    assert_refused(model, errors.ArgumentError, "nothing to minimize", "fit", X, Y, verbose=0)


def test_good_data_after_bad_data_is_taken_for_what_it_is():
    model = chain("categorical_crossentropy", activation="softmax")
    model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
    assert_refused(model, errors.ShapeError, "(6, 1)", "fit", X, ones(N, 1), verbose=0)
    model.fit(X, ONE_HOT, verbose=0)
    expected = (model.predict(X, verbose=0).argmax(-1) == ONE_HOT.argmax(-1)).mean()
    assert model.evaluate(X, ONE_HOT, verbose=0)[1] == pytest.approx(expected, abs=1e-6)


WITH_NAN = X.copy()
WITH_NAN[4, 1] = np.nan
NOT_FINITE = {
    "x": ((WITH_NAN, Y), ("in x, received 1 NaN or infinite values", "in sample 4")),
    "y": ((X, np.where(Y > 2, Y, np.inf)), ("in y, received 18", "in sample 0")),
    "a batch": (
        (lambda: iter([(X[:3], Y[:3]), (WITH_NAN[3:], Y[3:])]),),
        ("in x of batch 1", "in sample 1"),
    ),
}


@pytest.mark.parametrize(
    ("case", "method"),
    [
        *itertools.product(NOT_FINITE, ["fit", "evaluate"]),
        *itertools.product(["x", "a batch"], ["predict"]),
    ],
)
def test_numbers_that_are_not_finite(regression, case, method):
    data, texts = NOT_FINITE[case]
    data = tuple(part() if callable(part) else part for part in data)
    if method == "predict":
        data = data[:1]
    before = regression.get_weights()
    options = {"shuffle": False} if method == "fit" else {}
    with pytest.raises(errors.DataError) as raised:
        getattr(regression, method)(*data, verbose=0, check_finite=True, **options)
    assert all(text in str(raised.value) for text in texts)
    if case != "a batch":
        for old, new in zip(before, regression.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)


def test_validation_data_that_is_not_finite(regression):
    assert_refused(
        regression,
        errors.DataError,
        "in sample 4",
        "fit",
        X,
        Y,
        validation_data=(WITH_NAN, Y),
        check_finite=True,
        verbose=0,
    )
    assert np.isnan(chain().evaluate(WITH_NAN, Y, verbose=0))
