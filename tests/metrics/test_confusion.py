"""Counts and the metrics made of them: exact at thresholds, equal to scikit-learn, checked."""

import numpy as np
import pytest
import sklearn.metrics

from deepkit import metrics
from deepkit.core.errors import ArgumentError, ShapeError, StateError
from deepkit.metrics._confusion_counts import confusion_counts

# Single precision, sums of a few hundred weights.
RTOL = 1e-5


def _scores(count: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    y_true = rng.integers(0, 2, size=count)
    y_pred = np.clip(0.3 * y_true + rng.uniform(0, 0.7, size=count), 0, 1).astype("float32")
    return y_true, y_pred, rng.uniform(0.1, 2, size=count).astype("float32")


@pytest.mark.parametrize("count", [1, 3, 200])
def test_counts_are_those_of_a_comparison_with_every_threshold(count: int) -> None:
    rng = np.random.default_rng(0)
    thresholds = rng.permutation(np.linspace(0, 1, count))
    # Every threshold itself, its float neighbours, what lies outside, and repeated scores.
    exact = thresholds.astype("float32")
    near = [np.nextafter(exact, np.float32(2)), np.nextafter(exact, np.float32(-1))]
    y_pred = np.concatenate([exact, *near, np.float32([-3, 0, 0.5, 0.5, 1, 7, -np.inf, np.inf])])
    y_pred[np.abs(y_pred) < 1e-30] = 0  # XLA takes subnormal numbers for 0
    y_true = rng.integers(0, 2, size=y_pred.size)
    weights = rng.integers(1, 4, size=y_pred.size).astype("float32")
    counts = confusion_counts(y_true, y_pred, thresholds, weights)
    is_positive = y_pred > exact[:, None]
    for found, predicted, labelled in zip(
        counts, (is_positive, is_positive, ~is_positive, ~is_positive), (1, 0, 0, 1)
    ):
        expected = np.sum(predicted * (y_true == labelled) * weights, axis=1)
        np.testing.assert_array_equal(found, expected)


def test_not_a_number_is_never_positive() -> None:
    metric = metrics.TruePositives(thresholds=[0.0, 0.5])
    assert metric([1, 1, 1], [np.nan, 0.7, 0.2]).tolist() == [2.0, 1.0]
    assert float(metrics.FalseNegatives()([1, 1], [np.nan, 0.7])) == 1.0


@pytest.mark.parametrize("kind", ["bool", "int32", "uint8", "float32"])
@pytest.mark.parametrize("name", ["Precision", "AUC", "F1Score", "R2Score", "BinaryIoU"])
def test_kinds_of_labels(name: str, kind: str) -> None:
    y_true, y_pred = np.asarray([[1], [0], [1], [0]]), np.float32([[0.9], [0.7], [0.6], [0.1]])
    metric, expected = getattr(metrics, name)(), getattr(metrics, name)()
    result = metric(y_true.astype(kind), y_pred)
    np.testing.assert_array_equal(result, expected(y_true.astype("float32"), y_pred))


@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_precision_and_recall_of_scikit_learn(threshold: float) -> None:
    y_true, y_pred, weight = _scores()
    for ours, theirs in (
        (metrics.Precision, sklearn.metrics.precision_score),
        (metrics.Recall, sklearn.metrics.recall_score),
    ):
        expected = theirs(y_true, y_pred > np.float32(threshold), sample_weight=weight)
        result = ours(thresholds=threshold)(y_true, y_pred, weight)
        np.testing.assert_allclose(result, expected, rtol=RTOL)


def test_confusion_matrix_of_scikit_learn() -> None:
    y_true, y_pred, weight = _scores()
    matrix = sklearn.metrics.confusion_matrix(y_true, y_pred > 0.5, sample_weight=weight)
    for name, expected in zip(
        ["TrueNegatives", "FalsePositives", "FalseNegatives", "TruePositives"], matrix.ravel()
    ):
        np.testing.assert_allclose(
            getattr(metrics, name)()(y_true, y_pred, weight), expected, rtol=RTOL
        )


def test_roc_area_of_scikit_learn() -> None:
    y_true, y_pred, weight = _scores()
    # Scores in the middle of buckets: then no pair is ranked that the buckets do not rank.
    y_pred = (np.floor(y_pred * 19.999) / 20 + 0.025).astype("float32")
    expected = sklearn.metrics.roc_auc_score(y_true, y_pred, sample_weight=weight)
    result = metrics.AUC(num_thresholds=21)(y_true, y_pred, weight)
    np.testing.assert_allclose(result, expected, rtol=RTOL)


def test_roc_area_of_each_label_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    y_true = rng.integers(0, 2, size=(80, 3))
    y_pred = ((rng.integers(0, 20, size=(80, 3)) + 0.5) / 20).astype("float32")
    expected = [sklearn.metrics.roc_auc_score(y_true[:, i], y_pred[:, i]) for i in range(3)]
    for weights in (None, [1.0, 2.0, 5.0]):
        metric = metrics.AUC(num_thresholds=21, multi_label=True, label_weights=weights)
        np.testing.assert_allclose(
            metric(y_true, y_pred), np.average(expected, weights=weights), rtol=RTOL
        )


def test_area_of_perfect_and_of_constant_scores() -> None:
    for curve, constant in (("ROC", 0.5), ("PR", 0.5)):
        assert float(metrics.AUC(curve=curve)([0, 0, 1, 1], [0.0, 0.1, 0.8, 1.0])) == 1.0
        assert float(metrics.AUC(curve=curve)([0, 0, 1, 1], [0.4] * 4)) == constant


def test_area_counts_scores_outside_of_the_range_at_its_ends() -> None:
    inside = metrics.AUC()([0, 1, 0, 1], [0.0, 1.0, 1.0, 0.3])
    assert float(metrics.AUC()([0, 1, 0, 1], [-4.0, 5.0, 1.5, 0.3])) == float(inside)


def test_top_k_of_a_vector() -> None:
    assert float(metrics.Precision(top_k=2)([0, 0, 1, 1], [1.0, 1.0, 1.0, 1.0])) == 0.0
    assert float(metrics.Precision(top_k=4)([0, 0, 1, 1], [1.0, 1.0, 1.0, 1.0])) == 0.5
    assert float(metrics.Recall(top_k=1)([0, 1, 0], [-5.0, -0.5, -2.0])) == 1.0


def test_weights_of_each_label_go_with_the_class() -> None:
    y_true, y_pred = [[1.0, 0.0], [1.0, 1.0]], [[0.9, 0.9], [0.9, 0.1]]
    metric = metrics.TruePositives()
    metric.update_state(y_true, y_pred, [[2.0, 5.0], [3.0, 7.0]])
    assert float(metric.result()) == 5.0
    recall = metrics.Recall(class_id=1)
    recall.update_state(y_true, y_pred, [[2.0, 5.0], [3.0, 7.0]])
    assert float(recall.result()) == 0.0
    assert float(recall.false_negatives.numpy()[0]) == 7.0


@pytest.mark.parametrize(
    "name",
    [
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
        "PrecisionAtRecall",
        "RecallAtPrecision",
    ],
)
def test_best_rate_is_that_of_a_search(name: str) -> None:
    y_true, y_pred, _ = _scores(100)
    is_positive = y_pred > np.linspace(0, 1, 50, dtype="float32")[:, None]
    tp, fp = is_positive @ y_true, is_positive @ (1 - y_true)
    fn, tn = (~is_positive) @ y_true, (~is_positive) @ (1 - y_true)
    with np.errstate(invalid="ignore"):
        rates = {
            "Sensitivity": tp / (tp + fn),
            "Recall": tp / (tp + fn),
            "Specificity": tn / (tn + fp),
            "Precision": np.nan_to_num(tp / (tp + fp)),
        }
    reported, constrained = (rates[part] for part in name.split("At"))
    expected = reported[constrained >= 0.7].max()
    result = getattr(metrics, name)(0.7, num_thresholds=50)(y_true, y_pred)
    np.testing.assert_allclose(result, expected, rtol=RTOL)


def test_unreachable_rate_is_zero() -> None:
    assert float(metrics.RecallAtPrecision(0.9)([0, 0, 1], [0.5, 0.9, 0.2])) == 0.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.Precision(thresholds=[0.5, -1, 2]), r"in \[0, 1\], received \[-1, 2\]"),
        (lambda: metrics.TruePositives(thresholds=[None]), r"received \[None\]"),
        (lambda: metrics.Recall(thresholds=[]), r"received \[\]"),
        (lambda: metrics.AUC(thresholds=[1.5]), r"`thresholds` .* received \[1.5\]"),
        (lambda: metrics.Precision(top_k=0), "`k` to be an integer of at least 1, received 0"),
        (lambda: metrics.Recall(class_id=-1), "`class_id` .* at least 0, or None, received -1"),
        (lambda: metrics.Recall(class_id=1.5), "`class_id` .* received 1.5"),
        (lambda: metrics.AUC(num_thresholds=1), "`num_thresholds` .* at least 2, received 1"),
        (lambda: metrics.AUC(curve="RoC curve"), "`curve` to be one of .* received 'RoC curve'"),
        (lambda: metrics.AUC(summation_method="x"), "`summation_method` .* received 'x'"),
        (lambda: metrics.AUC(num_labels=2), "`num_labels` only together with `multi_label=True`"),
        (lambda: metrics.AUC(label_weights=[-1.0]), r"`label_weights` .* received \[-1.0\]"),
        (lambda: metrics.SensitivityAtSpecificity(-1), r"`specificity` .*\[0, 1\], received -1"),
        (lambda: metrics.SpecificityAtSensitivity(2), r"`sensitivity` .*\[0, 1\], received 2"),
        (lambda: metrics.PrecisionAtRecall(None), r"`recall` .*\[0, 1\], received None"),
        (lambda: metrics.RecallAtPrecision("1"), r"`precision` .*\[0, 1\], received '1'"),
        (lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0), "at least 1, received 0"),
    ],
)
def test_arguments_are_checked(make, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_predictions_are_checked() -> None:
    ones = np.ones((4, 3))
    with pytest.raises(ArgumentError, match=r"`top_k` = 5 classes .* shape \(4, 3\)"):
        metrics.Precision(top_k=5).update_state(ones, ones)
    with pytest.raises(ArgumentError, match=r"one of the 3 classes .* received 3"):
        metrics.Precision(class_id=3).update_state(ones, ones)
    with pytest.raises(ShapeError, match=r"\(num_samples, num_classes\), because `class_id`"):
        metrics.Precision(class_id=0).update_state(ones[0], ones[0])
    with pytest.raises(ShapeError, match=r"\(batch, num_labels\), because .*shape \(3,\)"):
        metrics.AUC(multi_label=True).update_state(ones[0], ones[0])
    with pytest.raises(ShapeError, match=r"predictions for 2 labels, .* shape \(4, 3\)"):
        metrics.AUC(multi_label=True, num_labels=2).update_state(ones, ones)
    with pytest.raises(ShapeError, match=r"one of the 2 `label_weights`.* shape \(4, 3\)"):
        metrics.AUC(label_weights=[1.0, 2.0]).update_state(ones, ones)


def test_area_of_labels_not_known_yet() -> None:
    with pytest.raises(StateError, match=r"number of labels from the first batch.*`num_labels`"):
        metrics.AUC(multi_label=True).result()
