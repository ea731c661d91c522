"""Last batches of fit and evaluate: filled up where that changes nothing, left alone elsewhere."""

import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import layers, losses, metrics
from deepkit.data import make_data
from deepkit.training import _filling, _runner
from deepkit.training._build import ensure_built
from deepkit.training._device_data import DeviceData
from deepkit.training._modes import bind_program

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(0.5, 2.0, size=(11, 3)).astype("float32")
Y = RANDOM.uniform(0.1, 0.9, size=(11, 4)).astype("float32")
ONE_HOT = np.eye(4, dtype="float32")[RANDOM.integers(0, 4, 11)]
CLASSES = ONE_HOT.argmax(-1).astype("int32")
WEIGHTS = RANDOM.uniform(0.5, 2.0, size=11).astype("float32")
# Sums over other numbers of rows are rounded in another order.
CLOSE = {"rtol": 2e-5, "atol": 2e-6}


def chain(*parts, **arguments):
    model = deepkit.Sequential([deepkit.Input((3,)), *parts, layers.Dense(4, activation="softmax")])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    return model


@pytest.fixture
def filled(monkeypatch):
    """Whether the last batch was filled up, for each pass over data that has one."""
    found = []

    def noted(*arguments):
        answer = _filling.may_fill_up(*arguments)
        if arguments[-1].partial_rows:
            found.append(answer)
        return answer

    monkeypatch.setattr(_runner, "may_fill_up", noted)
    return found


@pytest.fixture
def exactly(monkeypatch):
    """Gives what a function does without filling anything up."""

    def run(function):
        with monkeypatch.context() as patch:
            patch.setattr(_runner, "may_fill_up", lambda *_: False)
            return function()

    return run


def may_fill_up(model, mode, y=Y):
    data = make_data(X, y, batch_size=4)
    ensure_built(model, data.peek(), mode)
    program = bind_program(model, mode).program
    return _filling.may_fill_up(model, mode, program, DeviceData(data))


def trained(make, x=X, y=Y, **arguments):
    """What training and evaluation give, as plain numbers."""
    deepkit.utils.set_random_seed(3)
    model = make()
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, **arguments).history
    results = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    return [history, results, [np.array(w) for w in model.get_weights()]]


def assert_close(found, expected, tolerance=CLOSE):
    for one, other in zip(*(deepkit.tree.flatten(part) for part in (found, expected)), strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


LOSSES = {
    "mse": Y,
    "mae": Y,
    "mape": Y,
    "msle": Y,
    "huber": Y,
    "log_cosh": Y,
    "poisson": Y,
    "kl_divergence": Y,
    "cosine_similarity": Y,
    "categorical_hinge": ONE_HOT,
    "binary_crossentropy": ONE_HOT,
    "binary_focal_crossentropy": ONE_HOT,
    "categorical_crossentropy": ONE_HOT,
    "categorical_focal_crossentropy": ONE_HOT,
    "sparse_categorical_crossentropy": CLASSES,
}


def test_losses_of_deepkit(filled, exactly):
    def make():
        inputs = deepkit.Input((3,))
        outputs = {name: layers.Dense(4, activation="softmax")(inputs) for name in LOSSES}
        model = deepkit.Model(inputs, outputs)
        model.compile("sgd", {name: name for name in LOSSES})
        return model

    found = trained(make, y=LOSSES)
    assert set(found[1]) == {"loss", *(f"{name}_loss" for name in LOSSES)}
    assert filled == [True] * 2
    assert_close(found, exactly(lambda: trained(make, y=LOSSES)))


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (losses.MeanSquaredError(), Y),
        (losses.MeanSquaredError(reduction="sum"), Y),
        (losses.MeanSquaredError(reduction="mean_with_sample_weight"), Y),
        (losses.SparseCategoricalCrossentropy(ignore_class=1), CLASSES),
    ],
    ids=["mean", "sum", "mean_with_sample_weight", "ignore_class"],
)
def test_weights_and_reductions(loss, y, filled, exactly):
    def run():
        return trained(lambda: chain(loss=loss), y=y, sample_weight=WEIGHTS)

    found = run()
    assert filled == [True] * 2
    assert_close(found, exactly(run))


METRICS = {
    "numbers": (
        Y,
        metrics.ConcordanceCorrelation,
        metrics.CosineSimilarity,
        metrics.KLDivergence,
        metrics.MeanAbsoluteError,
        metrics.MeanSquaredError,
        metrics.PearsonCorrelation,
        metrics.R2Score,
        metrics.RootMeanSquaredError,
    ),
    "one-hot": (
        ONE_HOT,
        metrics.AUC,
        metrics.BinaryAccuracy,
        metrics.CategoricalAccuracy,
        metrics.F1Score,
        metrics.FalseNegatives,
        metrics.FalsePositives,
        metrics.Precision,
        metrics.Recall,
        metrics.TopKCategoricalAccuracy,
        lambda: metrics.MeanIoU(4, sparse_y_pred=False, sparse_y_true=False),
        lambda: metrics.PrecisionAtRecall(0.5),
        lambda: metrics.SensitivityAtSpecificity(0.5),
    ),
    "classes": (
        CLASSES,
        metrics.SparseCategoricalAccuracy,
        metrics.SparseCategoricalCrossentropy,
        metrics.SparseTopKCategoricalAccuracy,
    ),
}


@pytest.mark.parametrize("kind", METRICS)
def test_metrics_of_deepkit(kind, filled, exactly):
    y, *makers = METRICS[kind]
    loss = "sparse_categorical_crossentropy" if kind == "classes" else "mse"

    def make():
        plain, weighted = ([make() for make in makers] for _ in range(2))
        return chain(loss=loss, metrics=plain, weighted_metrics=weighted)

    found = trained(make, y=y, sample_weight=WEIGHTS)
    assert filled == [True] * 2
    # Numbers on a threshold may be rounded to its other side.
    tolerance = {"rtol": 2e-2} if kind == "one-hot" else CLOSE
    assert_close(found, exactly(lambda: trained(make, y=y, sample_weight=WEIGHTS)), tolerance)


def test_several_outputs_count_the_same_rows(filled, exactly):
    def make():
        inputs = deepkit.Input((3,))
        outputs = {"a": layers.Dense(4)(inputs), "b": layers.Dense(1)(inputs)}
        model = deepkit.Model(inputs, outputs)
        model.compile("adam", {"a": "mse", "b": "mae"}, metrics={"a": ["mae"], "b": ["mse"]})
        return model

    def run():
        return trained(make, y={"a": Y, "b": Y[:, :1]})

    found = run()
    assert set(found[1]) == {"loss", "a_mae", "b_mse", "a_loss", "b_loss"}
    assert filled == [True] * 2
    assert_close(found, exactly(run))


def test_masks_of_steps_are_kept(filled, exactly):
    tokens = RANDOM.integers(0, 3, size=(11, 5))

    def make():
        model = deepkit.Sequential(
            [
                deepkit.Input((5,), dtype="int32"),
                layers.Embedding(3, 4, mask_zero=True),
                layers.LSTM(4, return_sequences=True),
                layers.Dense(4),
            ]
        )
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    def run():
        return trained(make, x=tokens, y=np.repeat(Y[:, None], 5, axis=1))

    found = run()
    assert filled == [True] * 2
    assert_close(found, exactly(run))


@pytest.mark.parametrize("arguments", [{"shuffle": False}, {"class_weight": {0: 2.0, 1: 0.5}}])
def test_arguments_of_fit(arguments, filled, exactly):
    def run():
        made = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
        return trained(lambda: chain(**made), y=CLASSES, validation_split=0.2, **arguments)

    found = run()
    assert True in filled
    assert_close(found, exactly(run))


def test_penalties_of_weights_are_counted_once(filled, exactly):
    def run():
        return trained(lambda: chain(layers.Dense(4, kernel_regularizer="l2")))

    found = run()
    assert filled == [True] * 2
    assert_close(found, exactly(run))


def test_rows_that_do_not_count_are_copies(filled):
    """A row of zeros would make the logarithm infinite, and the gradient no number."""
    model = chain(layers.Lambda(jnp.log))
    model.fit(X, Y, batch_size=4, verbose=0)
    assert filled == [True]
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_one_program_runs_all_batches(filled):
    model = chain(layers.Dense(3))
    model.fit(X, Y, batch_size=4, verbose=0, epochs=2)
    model.evaluate(X, Y, batch_size=4, verbose=0)
    programs = list(model._trainer.programs._by_key.values())
    assert [program.traces for program in programs] == [1, 1]


def test_a_proof_is_made_once(filled, monkeypatch):
    made = []
    is_row_wise = _filling._is_row_wise
    monkeypatch.setattr(_filling, "_is_row_wise", lambda *a: made.append(a) or is_row_wise(*a))
    model = chain()
    for _ in range(2):
        model.fit(X, Y, batch_size=4, verbose=0, epochs=2)
    assert filled == [True] * 2 and len(made) == 1


def rowwise_loss(y_true, y_pred):
    return jnp.mean((y_true - y_pred) ** 4, axis=-1)


class RowwiseLoss(losses.Loss):
    def call(self, y_true, y_pred):
        return jnp.max(jnp.abs(y_true - y_pred), axis=-1)


class Doubled(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def test_functions_of_the_user_s_are_looked_at_too(filled, exactly):
    def run():
        return trained(lambda: chain(Doubled(), loss=rowwise_loss, metrics=[rowwise_loss]))

    found = run()
    assert filled == [True] * 2
    assert_close(found, exactly(run))
    assert may_fill_up(chain(loss=RowwiseLoss()), "train")


def centred_loss(y_true, y_pred):
    return jnp.mean((y_pred - y_pred.mean(0) - y_true) ** 2, axis=-1)


def loss_of_a_batch(y_true, y_pred):
    return jnp.mean((y_true - y_pred) ** 2)


def loss_by_number(y_true, y_pred):
    return jnp.mean((y_true - y_pred) ** 2, axis=-1) / y_pred.shape[0]


class OwnReduction(losses.Loss):
    def __call__(self, y_true, y_pred, sample_weight=None, mask=None):
        return jnp.sum(jnp.asarray(y_pred) ** 2)


class Rows(metrics.Metric):
    def __init__(self, **options):
        super().__init__(**options)
        self.rows = self.add_weight(name="rows")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.rows.assign_add(float(y_pred.shape[0]))

    def result(self):
        return self.rows.value


class OwnMean(metrics.MeanSquaredError):
    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, y_pred)


def patched():
    metric = metrics.MeanSquaredError()
    metric.update_state = lambda *_, **__: metric.total.assign_add(1.0)
    return metric


class Centred(layers.Layer):
    def call(self, inputs):
        return inputs - inputs.mean(0)


class OwnLoss(layers.Layer):
    def call(self, inputs):
        self.add_loss(jnp.mean(inputs**2))
        return inputs


class OwnComputeLoss(deepkit.Sequential):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return jnp.mean((y - y_pred) ** 2)


def own_compute_loss():
    model = OwnComputeLoss([deepkit.Input((3,)), layers.Dense(4)])
    model.compile("sgd", "mse")
    return model


def row_of_outputs():
    model = deepkit.Sequential([deepkit.Input((3,)), layers.Dense(1), layers.Reshape(())])
    model.compile("sgd", "mse")
    return model


LEFT_ALONE = {
    # It takes labels for 0 and 1 if all of a batch are.
    "a form of labels": lambda: chain(loss="hinge"),
    "a loss over rows": lambda: chain(loss=centred_loss),
    "a loss of a batch": lambda: chain(loss=loss_of_a_batch),
    "a loss by the number of rows": lambda: chain(loss=loss_by_number),
    "a reduction": lambda: chain(loss=OwnReduction()),
    "a metric": lambda: chain(metrics=[Rows()]),
    "an update of a metric": lambda: chain(metrics=[OwnMean()]),
    "a metric with another update": lambda: chain(metrics=[patched()]),
    "a metric of a batch": lambda: chain(metrics=[loss_of_a_batch]),
    "a layer": lambda: chain(Centred()),
    "an added loss": lambda: chain(OwnLoss()),
    "a penalty of outputs": lambda: chain(layers.Dense(4, activity_regularizer="l2")),
    "compute_loss": own_compute_loss,
}


@pytest.mark.parametrize("mode", ["train", "test"])
@pytest.mark.parametrize("part", LEFT_ALONE)
def test_where_rows_may_meet_nothing_is_filled_up(part, mode):
    assert not may_fill_up(LEFT_ALONE[part](), mode)


def test_a_row_of_numbers_is_left_alone():
    assert not may_fill_up(row_of_outputs(), "train", Y[:, 0])


@pytest.mark.parametrize(
    "layer",
    [layers.BatchNormalization, lambda: layers.Dropout(0.5), lambda: layers.GaussianNoise(1.0)],
)
def test_what_meets_in_training_alone(layer):
    assert not may_fill_up(chain(layers.Dense(5), layer()), "train")
    assert may_fill_up(chain(layers.Dense(5), layer()), "test")


def test_eager_models_run_each_batch_as_it_is(filled):
    chain(run_eagerly=True).fit(X, Y, batch_size=4, verbose=0)
    assert filled == []


def test_many_steps_are_not_slowed_down_by_a_mask(filled):
    model = chain()
    assert len(model.variables) == 2
    x, y = np.repeat(X, 6, axis=0), np.repeat(Y, 6, axis=0)
    model.evaluate(x[:33], y[:33], batch_size=2, verbose=0)
    model.evaluate(x[:35], y[:35], batch_size=2, verbose=0)
    assert filled == [True, False]
