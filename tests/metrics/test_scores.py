"""R², F-scores, overlaps and cross-entropies: against scikit-learn, and where Keras errs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sklearn.metrics

from deepkit import losses, metrics
from deepkit.core.errors import ArgumentError, ShapeError, StateError

# Single precision, sums of a hundred numbers.
RTOL = 1e-5
_RNG = np.random.default_rng(2)
_Y_TRUE = _RNG.normal(size=(60, 3)).astype("float32")
_Y_PRED = (_Y_TRUE + _RNG.normal(size=(60, 3)) * [0.1, 0.5, 2.0]).astype("float32")
_WEIGHT = _RNG.uniform(0.1, 2.0, size=60).astype("float32")
_SKLEARN_NAMES = {
    None: "raw_values",
    "uniform_average": "uniform_average",
    "variance_weighted_average": "variance_weighted",
}


@pytest.mark.parametrize("aggregation", _SKLEARN_NAMES)
@pytest.mark.parametrize("weighted", [False, True])
def test_r2_of_scikit_learn(aggregation: str | None, weighted: bool) -> None:
    metric = metrics.R2Score(class_aggregation=aggregation)
    weight = _WEIGHT if weighted else None
    for part in (slice(0, 20), slice(20, 60)):
        metric.update_state(_Y_TRUE[part], _Y_PRED[part], weight[part] if weighted else None)
    expected = sklearn.metrics.r2_score(
        _Y_TRUE, _Y_PRED, sample_weight=weight, multioutput=_SKLEARN_NAMES[aggregation]
    )
    np.testing.assert_allclose(metric.result(), expected, rtol=RTOL)


def test_r2_of_labels_far_from_zero() -> None:
    y_true = (_Y_TRUE[:, :1].astype("float64") + 3000.0).astype("float32")
    y_pred = y_true + np.float32(0.25)
    metric = metrics.R2Score()
    for part in range(0, 60, 20):
        metric.update_state(y_true[part : part + 20], y_pred[part : part + 20])
    # float32 holds these labels to 1e-4, so deviations of order 1 are good to 1e-4.
    expected = sklearn.metrics.r2_score(y_true.astype("float64"), y_pred.astype("float64"))
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-3)


@pytest.mark.parametrize(("y_pred", "expected"), [([2.0, 2.0], 1.0), ([2.0, 1.0], 0.0)])
def test_r2_of_constant_labels(y_pred: list, expected: float) -> None:
    y_true, y_pred = np.full((2, 1), 2.0), np.asarray(y_pred)[:, None]
    assert sklearn.metrics.r2_score(y_true, y_pred) == expected
    for aggregation in ("uniform_average", "variance_weighted_average"):
        assert float(metrics.R2Score(aggregation)(y_true, y_pred)) == expected


def test_adjusted_r2() -> None:
    metric, plain = metrics.R2Score(num_regressors=2), metrics.R2Score()
    y_true, y_pred = _Y_TRUE[:, :1], _Y_PRED[:, :1]
    # Up to p + 1 samples there is no freedom left, and the plain score is reported.
    np.testing.assert_allclose(
        metric(y_true[:3], y_pred[:3]), plain(y_true[:3], y_pred[:3]), rtol=RTOL
    )
    score = metric(y_true[3:], y_pred[3:])
    r2 = sklearn.metrics.r2_score(y_true, y_pred)
    np.testing.assert_allclose(score, 1 - (1 - r2) * 59 / 57, rtol=RTOL)


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("beta", [1.0, 0.5, 2.0])
def test_f_scores_of_scikit_learn(average: str | None, beta: float) -> None:
    y_true = _RNG.integers(0, 2, size=(60, 3))
    y_pred = _RNG.uniform(size=(60, 3)).astype("float32")
    expected = sklearn.metrics.fbeta_score(
        y_true, y_pred > 0.4, beta=beta, average=average, sample_weight=_WEIGHT
    )
    metric = metrics.FBetaScore(average=average, beta=beta, threshold=0.4)
    np.testing.assert_allclose(metric(y_true, y_pred, _WEIGHT), expected, rtol=RTOL)
    if beta == 1.0:
        f1 = metrics.F1Score(average=average, threshold=0.4)
        np.testing.assert_array_equal(f1(y_true, y_pred, _WEIGHT), metric.result())


def test_f_score_without_a_highest_class() -> None:
    metric = metrics.F1Score()
    metric.update_state([[1, 0], [0, 1]], [[0.0, 0.0], [0.2, 0.9]])
    assert metric.false_positives.numpy().tolist() == [0, 0]
    assert metric.false_negatives.numpy().tolist() == [1, 0]


@pytest.mark.parametrize("weighted", [False, True])
def test_overlap_of_scikit_learn(weighted: bool) -> None:
    y_true = _RNG.integers(0, 4, size=60)
    y_pred = np.where(_RNG.uniform(size=60) < 0.5, y_true, _RNG.integers(0, 4, size=60))
    weight = _WEIGHT if weighted else None
    expected = sklearn.metrics.jaccard_score(y_true, y_pred, average=None, sample_weight=weight)
    np.testing.assert_allclose(
        metrics.MeanIoU(num_classes=4)(y_true, y_pred, weight), expected.mean(), rtol=RTOL
    )
    metric = metrics.IoU(num_classes=4, target_class_ids=[3, 1])
    np.testing.assert_allclose(metric(y_true, y_pred, weight), expected[[1, 3]].mean(), rtol=RTOL)


def test_overlap_keeps_fractions_of_weights() -> None:
    metric = metrics.MeanIoU(num_classes=2)
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1], [0.3, 0.3, 0.3, 0.1])
    np.testing.assert_allclose(metric.result(), (0.3 / 0.9 + 0.1 / 0.7) / 2, rtol=1e-6)
    np.testing.assert_allclose(metric.total_cm.numpy(), [[0.3, 0.3], [0.3, 0.1]], rtol=1e-6)


def test_overlap_leaves_out_what_is_no_class_or_absent() -> None:
    metric = metrics.MeanIoU(num_classes=3, ignore_class=0)
    metric.update_state([0, 1, 1, -1, 7, 1], [0, 1, 2, 1, 1, 9])
    assert metric.total_cm.numpy().tolist() == [[0, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert float(metric.result()) == 0.25  # of the classes 1 and 2
    assert float(metrics.MeanIoU(num_classes=2).result()) == 0.0


def test_overlap_of_scores_on_another_axis() -> None:
    scores = _RNG.uniform(size=(2, 3, 5)).astype("float32")
    labels = scores.argmax(1)
    metric = metrics.OneHotIoU(3, [0, 1, 2], axis=1)
    assert float(metric(np.moveaxis(np.eye(3)[labels], -1, 1), scores)) == 1.0


def test_ignored_labels_count_neither_with_nor_without_weights() -> None:
    y_true, y_pred = [1, 2, -1], np.float32([[0.05, 0.95, 0], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
    expected = losses.SparseCategoricalCrossentropy(ignore_class=-1)(y_true, y_pred)
    for weight in (None, [1.0, 1.0, 1.0], 1.0):
        metric = metrics.SparseCategoricalCrossentropy(ignore_class=-1)
        np.testing.assert_allclose(metric(y_true, y_pred, weight), expected, rtol=1e-6)
    wrapped = metrics.MeanMetricWrapper(losses.sparse_categorical_crossentropy, ignore_class=-1)
    update = jax.jit(lambda s, y: wrapped.stateless_update_state(s, y, y_pred, jnp.ones(3)))
    state = update(wrapped.variables, jnp.asarray(y_true))
    np.testing.assert_allclose(wrapped.stateless_result(state), expected, rtol=1e-6)


def test_root_is_taken_of_the_whole() -> None:
    metric = metrics.RootMeanSquaredError()
    for error in (3.0, 4.0, 0.0):
        metric.update_state([error, 0.0], [0.0, 0.0])
    np.testing.assert_allclose(metric.result(), np.sqrt(25 / 6), rtol=1e-6)


def test_mean_is_exact_over_batches_of_any_size() -> None:
    values = _RNG.integers(0, 100, size=60).astype("float32")
    metric = metrics.Mean()
    for start, stop in ((0, 1), (1, 32), (32, 32), (32, 60)):
        metric.update_state(values[start:stop])
    assert float(metric.result()) == np.float32(values.sum()) / np.float32(60)
    assert float(metrics.Mean().result()) == 0.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.R2Score(class_aggregation="mean"), "`class_aggregation` .* 'mean'"),
        (lambda: metrics.R2Score(num_regressors=-1), "`num_regressors` .* at least 0, received -1"),
        (lambda: metrics.F1Score(average="all"), "`average` to be one of .* received 'all'"),
        (lambda: metrics.FBetaScore(beta="1"), "`beta` to be a float above 0, received '1'"),
        (lambda: metrics.FBetaScore(beta=0.0), "`beta` to be a float above 0, received 0.0"),
        (lambda: metrics.FBetaScore(threshold=1), r"`threshold` .* \(0, 1\] or None, received 1"),
        (lambda: metrics.FBetaScore(threshold=0.0), "`threshold` .* received 0.0"),
        (lambda: metrics.MeanIoU("two"), "`num_classes` to be an integer, received 'two'"),
        (lambda: metrics.IoU(2, [2]), r"`target_class_ids` .* 2 classes, received \[2\]"),
        (lambda: metrics.IoU(2, []), r"`target_class_ids` .* received \[\]"),
        (lambda: metrics.BinaryIoU(threshold="x"), "`threshold` to be a number, received 'x'"),
        (lambda: metrics.BinaryAccuracy(threshold=None), "`threshold` .* received None"),
        (lambda: metrics.BinaryCrossentropy(label_smoothing=2), r"`label_smoothing` .* received 2"),
        (lambda: metrics.CategoricalCrossentropy(label_smoothing=-1), "`label_smoothing` .* -1"),
        (lambda: metrics.BinaryIoU([-1]), r"`target_class_ids` .* received \[-1\]"),
    ],
)
def test_arguments_are_checked(make, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_shapes_are_checked() -> None:
    ones = np.ones((4, 3))
    with pytest.raises(ShapeError, match=r"R2Score expects 2D inputs .* received shape \(3,\)"):
        metrics.R2Score().update_state(ones[0], ones[0])
    with pytest.raises(ShapeError, match=r"\(batch, num_classes\), received \(3,\) and \(3,\)"):
        metrics.F1Score().update_state(ones[0], ones[0])
    for metric, message in ((metrics.R2Score(), "3 outputs"), (metrics.F1Score(), "3 classes")):
        metric.update_state(ones, ones)
        with pytest.raises(ShapeError, match=rf"{message} as in the first batch, .*\(4, 2\)"):
            metric.update_state(ones[:, :2], ones[:, :2])


def test_results_before_the_first_batch() -> None:
    with pytest.raises(StateError, match="number of outputs from the first batch"):
        metrics.R2Score().result()
    with pytest.raises(StateError, match="number of classes from the first batch"):
        metrics.F1Score().result()
