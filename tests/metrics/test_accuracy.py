"""Accuracies: the functions against Keras, and labels that are no classes."""

import jax
import numpy as np
import pytest

from deepkit import metrics
from deepkit.core.errors import ArgumentError
from deepkit.tensors import KerasTensor
from tests.oracle import keras, oracle

_RNG = np.random.default_rng(1)
_CLASSES = _RNG.integers(0, 4, size=(3, 2))
_SCORES = _RNG.uniform(size=(3, 2, 4)).astype("float32")
_ONE_HOT = np.eye(4, dtype="float32")[_CLASSES]
_SCORES[0] += _ONE_HOT[0]  # some are right


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "options"),
    [
        ("binary_accuracy", _CLASSES % 2, _SCORES[..., 0], {}),
        ("binary_accuracy", (_CLASSES % 2).astype(bool), _SCORES[..., 0], {"threshold": 0.2}),
        ("categorical_accuracy", _ONE_HOT, _SCORES, {}),
        ("sparse_categorical_accuracy", _CLASSES, _SCORES, {}),
        ("sparse_categorical_accuracy", _CLASSES.astype("float32"), _SCORES, {}),
        ("sparse_categorical_accuracy", _CLASSES[..., None], _SCORES, {}),
        ("sparse_categorical_accuracy", _CLASSES[:, :1], _SCORES[:, 0], {}),
        ("top_k_categorical_accuracy", _ONE_HOT, _SCORES, {"k": 2}),
        ("top_k_categorical_accuracy", _ONE_HOT, np.ones_like(_SCORES), {"k": 1}),
        ("sparse_top_k_categorical_accuracy", _CLASSES, _SCORES, {"k": 3}),
        ("sparse_top_k_categorical_accuracy", _CLASSES[:, :1], _SCORES[:, 0], {"k": 1}),
        (
            "sparse_top_k_categorical_accuracy",
            _CLASSES[:, 0],
            np.argsort(_SCORES[:, 0]).astype("int32"),
            {"k": 2, "from_sorted_ids": True},
        ),
    ],
)  # fmt: skip
def test_functions_of_keras(name: str, y_true, y_pred, options: dict) -> None:
    result = getattr(metrics, name)(y_true, y_pred, **options)
    with oracle():
        expected = getattr(keras.metrics, name)(y_true, y_pred, **options)
    np.testing.assert_array_equal(result, expected)
    assert result.dtype == "float32"
    assert 0 < result.mean() <= 1


@pytest.mark.parametrize("name", ["pearson_correlation", "concordance_correlation"])
@pytest.mark.parametrize("axis", [0, -1, (0, 1)], ids=str)
def test_correlations_of_keras(name: str, axis) -> None:
    y_true, y_pred = _RNG.normal(size=(2, 4, 3)).astype("float32")
    result = getattr(metrics, name)(y_true, y_pred, axis=axis)
    with oracle():
        expected = getattr(keras.metrics, name)(y_true, y_pred, axis=axis)
    # Single precision; the mean of a dozen products of order 1.
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_pearson_correlation_of_numpy() -> None:
    y_true, y_pred = _RNG.normal(size=(2, 50)).astype("float32")
    result = metrics.pearson_correlation(y_true, y_pred)
    np.testing.assert_allclose(result, np.corrcoef(y_true, y_pred)[0, 1], rtol=1e-5)


def test_correlation_does_not_mind_offset_and_scale_but_concordance_does() -> None:
    y_true = _RNG.normal(size=20).astype("float32")
    for offset, scale in ((3.0, 1.0), (0.0, 2.0)):
        y_pred = scale * y_true + offset
        np.testing.assert_allclose(metrics.pearson_correlation(y_true, y_pred), 1, rtol=1e-5)
        assert metrics.concordance_correlation(y_true, y_pred) < 0.9


@pytest.mark.parametrize("label", [-1, 4, 255])
def test_a_label_that_is_no_class_never_matches(label: int) -> None:
    scores = np.float32([[0.1, 0.2, 0.3, 0.4]])
    assert float(metrics.sparse_categorical_accuracy([label], scores)[0]) == 0
    assert float(metrics.sparse_top_k_categorical_accuracy([label], scores, k=9)[0]) == 0


def test_a_score_that_is_not_a_number_is_not_among_the_best() -> None:
    scores = np.repeat(np.float32([[np.nan, 0.2, 0.1]]), 3, axis=0)
    found = metrics.sparse_top_k_categorical_accuracy(np.arange(3), scores, k=2)
    assert found.tolist() == [0, 1, 1]


def test_accuracy_of_integers_and_floats() -> None:
    assert float(metrics.Accuracy()([1, 2], [1.5, 2.0])) == 0.5
    assert float(metrics.Accuracy()([1.5, 2.0], np.int32([1, 2]))) == 0.5


@pytest.mark.parametrize("name", ["TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"])
@pytest.mark.parametrize("k", [0, -1, 1.5, None, True])
def test_k_is_checked(name: str, k) -> None:
    with pytest.raises(ArgumentError, match=f"`k` to be an integer of at least 1, received {k}"):
        getattr(metrics, name)(k=k)


def test_functions_draw_graphs() -> None:
    drawn = metrics.categorical_accuracy(KerasTensor((None, 5, 4)), KerasTensor((None, 5, 4)))
    assert isinstance(drawn, KerasTensor)
    assert (tuple(drawn.shape), drawn.dtype) == ((None, 5), "float32")


def test_functions_under_vmap() -> None:
    rows = jax.vmap(metrics.sparse_categorical_accuracy)(_CLASSES, _SCORES)
    np.testing.assert_array_equal(rows, metrics.sparse_categorical_accuracy(_CLASSES, _SCORES))
