"""Shapes of labels, predictions and weights: what is matched, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import metrics
from deepkit.core.errors import ShapeError
from deepkit.tensors import set_mask
from tests.oracle import keras, oracle

_ELEMENTWISE = [
    metrics.Accuracy,
    metrics.BinaryAccuracy,
    metrics.MeanSquaredError,
    metrics.RootMeanSquaredError,
    metrics.MeanAbsoluteError,
    metrics.CosineSimilarity,
    metrics.PearsonCorrelation,
    metrics.ConcordanceCorrelation,
    metrics.R2Score,
    metrics.BinaryCrossentropy,
    metrics.Hinge,
    metrics.Precision,
    metrics.TruePositives,
    metrics.AUC,
    metrics.F1Score,
    metrics.BinaryIoU,
]


@pytest.mark.parametrize("cls", _ELEMENTWISE, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("shapes", [((4, 1), (4, 3)), ((3,), (4, 3)), ((2, 3), (4, 3))], ids=str)
def test_different_shapes_are_not_broadcast(cls: type, shapes: tuple) -> None:
    with pytest.raises(ValueError, match=r"(?s)\(.*\)"):
        cls().update_state(*(np.ones(shape, "float32") for shape in shapes))


def test_message_of_different_shapes() -> None:
    with pytest.raises(ShapeError, match=r"same shape, received \(4, 1\) and \(4, 3\)"):
        metrics.AUC().update_state(np.ones((4, 1)), np.ones((4, 3)))


@pytest.mark.parametrize("cls", ["BinaryAccuracy", "RootMeanSquaredError", "Recall", "AUC"])
@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4,)), ((2, 2), (2, 2, 1))], ids=str)
def test_one_last_axis_of_size_one_is_matched(cls: str, shapes: tuple) -> None:
    y_true = np.asarray([0.0, 1.0, 1.0, 0.0], "float32").reshape(shapes[0])
    y_pred = np.asarray([0.1, 0.7, 0.4, 0.6], "float32").reshape(shapes[1])
    metric = getattr(metrics, cls)()
    with oracle():
        expected = getattr(keras.metrics, cls)()(y_true, y_pred)
    np.testing.assert_allclose(metric(y_true, y_pred), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(
    ("values", "weights"),
    [
        *[((4,), weights) for weights in [(4,), (4, 1), ()]],
        *[((4, 3), weights) for weights in [(4,), (4, 1), (4, 3), (1,)]],
        *[((4, 3, 2), weights) for weights in [(4, 3), (4, 1), (1, 3)]],
        ((4, 1), (4,)),
        ((), ()),
    ],
    ids=str,
)
def test_weights_weigh_leading_axes_as_in_keras(name: str, values: tuple, weights: tuple) -> None:
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.uniform(0.5, 2, size=s), "float32") for s in (values, weights)]
    with oracle():
        expected = getattr(keras.metrics, name)()(*arrays)
    np.testing.assert_allclose(getattr(metrics, name)()(*arrays), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["Precision", "AUC", "TruePositives", "R2Score", "BinaryIoU"])
@pytest.mark.parametrize("weights", [(4,), (4, 1), (4, 3), (1, 3), (1,), ()], ids=str)
def test_weights_reach_every_value(name: str, weights: tuple) -> None:
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, size=(4, 3)).astype("float32")
    y_pred = rng.uniform(size=(4, 3)).astype("float32")
    weight = np.asarray(rng.uniform(0.5, 2, size=weights), "float32")
    whole = weight.reshape(weights + (1,) * (2 - len(weights)))
    dtype = {"dtype": "float32"} if name == "BinaryIoU" else {}
    with oracle():
        expected = getattr(keras.metrics, name)(**dtype)
        expected.update_state(y_true, y_pred, np.broadcast_to(whole, (4, 3)))
    result = getattr(metrics, name)()(y_true, y_pred, weight)
    np.testing.assert_allclose(result, expected.result(), rtol=1e-5)


def test_one_weight_for_all_counts_for_each_sample() -> None:
    metric = metrics.Mean()
    metric.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=2.0)
    metric.update_state([9.0], sample_weight=2.0)
    assert float(metric.result()) == 5.0


@pytest.mark.parametrize("weights", [(3,), (4, 2), (4, 3, 2), (3, 4)], ids=str)
@pytest.mark.parametrize("cls", [metrics.Mean, metrics.Precision, metrics.F1Score, metrics.MeanIoU])
def test_weights_that_do_not_fit(cls: type, weights: tuple) -> None:
    values = [np.ones((4, 3), "float32")] * (1 if cls is metrics.Mean else 2)
    metric = cls(num_classes=2) if cls is metrics.MeanIoU else cls()
    with pytest.raises(ShapeError, match=r"leading axes of the values .*\(4, 3\), received shape"):
        metric.update_state(*values, sample_weight=np.ones(weights))


def test_zero_weight_leaves_out_what_is_not_a_number() -> None:
    metric = metrics.PearsonCorrelation()
    y_true, y_pred = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]]
    metric.update_state(y_true, y_pred, sample_weight=[1.0, 0.0])
    expected = np.corrcoef(y_true[0], y_pred[0])[0, 1]
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6)
    score = metrics.R2Score()
    score.update_state([[1.0], [3.0], [np.nan]], [[1.0], [2.0], [0.0]], [1.0, 1.0, 0.0])
    assert float(score.result()) == 0.5


def test_labels_of_the_wrong_kind() -> None:
    with pytest.raises(ShapeError, match=r"one-hot .* received \(2, 1\) and \(2, 3\).*'sparse'"):
        metrics.categorical_accuracy([[1], [0]], np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"one-hot .* received \(2,\) and \(2, 3\)"):
        metrics.top_k_categorical_accuracy([1, 0], np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"one class index .* shape \(2, 3\)\. For one-hot"):
        metrics.sparse_categorical_accuracy(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"one class index .* received shape \(3,\)"):
        metrics.sparse_top_k_categorical_accuracy([0, 1, 2], np.ones((2, 3)))


_MASK = np.asarray([[True, True, False], [True, False, False]])


@pytest.mark.parametrize("weight", [None, [1.0, 3.0], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]], ids=str)
def test_mask_of_predictions_in_keras(weight) -> None:
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(2, 2, 3, 4)).astype("float32")
    with oracle():
        tensor = keras.ops.convert_to_tensor(y_pred)
        keras.src.backend.common.masking.set_keras_mask(tensor, keras.ops.convert_to_tensor(_MASK))
        metric = keras.metrics.MeanSquaredError()
        # Keras spreads no weight of a sample over a mask of its time steps.
        spread = np.repeat(np.float32(weight)[:, None], 3, 1) if np.ndim(weight) == 1 else weight
        metric.update_state(y_true, tensor, spread)
        expected = metric.result()
    y_pred = jnp.asarray(y_pred)
    set_mask(y_pred, jnp.asarray(_MASK))
    np.testing.assert_allclose(
        metrics.MeanSquaredError()(y_true, y_pred, weight), expected, rtol=1e-6
    )


@pytest.mark.parametrize(
    "metric",
    [
        metrics.RootMeanSquaredError(),
        metrics.BinaryAccuracy(),
        metrics.Precision(thresholds=0.3),
        metrics.TrueNegatives(),
        metrics.AUC(),
        metrics.BinaryIoU(),
        metrics.F1Score(average="micro", threshold=0.5),
        metrics.R2Score(),
        metrics.MeanMetricWrapper(lambda y_true, y_pred: jnp.abs(y_true - y_pred)),
    ],
    ids=lambda metric: metric.name,
)
def test_mask_is_a_weight_of_zero(metric: metrics.Metric) -> None:
    y_true = jnp.asarray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    y_pred = jnp.asarray([[0.9, 0.2, 0.8], [0.6, 0.1, 0.3]])
    unmasked = metric(y_true, y_pred)
    metric.reset_state()
    expected = metric(y_true, y_pred, _MASK.astype("float32"))
    metric.reset_state()
    set_mask(y_pred, jnp.asarray(_MASK))
    np.testing.assert_array_equal(metric(y_true, y_pred), expected)
    assert np.any(np.asarray(expected) != np.asarray(unmasked))


def test_mask_of_class_indices() -> None:
    y_pred = jnp.asarray([[0, 1, 1], [1, 0, 0]])
    set_mask(y_pred, jnp.asarray(_MASK))
    metric = metrics.MeanIoU(num_classes=2)
    metric.update_state([[0, 1, 0], [0, 1, 1]], y_pred, [1.0, 2.0])
    assert metric.total_cm.numpy().tolist() == [[1, 2], [0, 1]]
