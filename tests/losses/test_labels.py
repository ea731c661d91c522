"""Labels that name no class are refused where they can be read, and give NaN where they cannot."""

import functools

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from deepkit import losses
from deepkit.core.errors import DataError, DTypeError
from deepkit.losses._labels import check_labels
from deepkit.tensors import collect_value_checks

LOGITS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")

GOOD = {
    "int64": np.array([0, 1, 2, 0]),
    "uint8": np.array([0, 1, 2, 0], "uint8"),
    "bool": np.array([False, True]),
    "whole floats": np.array([0.0, 1.0, 2.0]),
    "bfloat16": np.array([0, 1, 2], ml_dtypes.bfloat16),
    "list": [[0, 1], [2, 0]],
    "number": 2,
    "jax": jnp.array([0, 1]),
    "empty": np.zeros((0,), int),
}
BAD = {
    "too large": (
        [0, 1, 3, 0],
        r"from 0 to 2, because y_pred has 3 classes, received y_true\[2\] = 3\.",
    ),
    "negative": ([0, -1, -2], r"received y_true\[1\] = -1 \(2 labels of 3 are wrong\)"),
    "second axis": ([[0, 1], [7, 2]], r"received y_true\[1, 0\] = 7\."),
    "number": (5, r"received y_true = 5\."),
    "fraction": ([0.0, 0.5], r"to be whole numbers, received y_true\[1\] = 0\.5\."),
    "nan": ([0.0, np.nan], r"to be whole numbers, received y_true\[1\] = nan\."),
    "infinite": ([0.0, np.inf], r"from 0 to 2, .* received y_true\[1\] = inf\."),
    "whole, too large": ([3.0, 0.5], r"from 0 to 2, .* received y_true\[0\] = 3\.0 \(2 labels of"),
}


@pytest.mark.parametrize("labels", GOOD.values(), ids=GOOD)
def test_good_labels_pass(labels):
    check_labels(labels, 3)


@pytest.mark.parametrize(("labels", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("make", [np.array, jnp.array, lambda x: x], ids=["numpy", "jax", "list"])
def test_bad_labels_raise(labels, message, make):
    with pytest.raises(DataError, match=message):
        check_labels(make(labels), 3)


def test_the_message_says_how_to_mend_it():
    with pytest.raises(DataError, match=r"one unit for each class, or name .* as `ignore_class`"):
        check_labels([9], 3)
    with pytest.raises(DataError, match="one-hot rows, use CategoricalCrossentropy"):
        check_labels([0.25], 3)


def test_the_ignored_label_passes_and_others_do_not():
    check_labels([0, 255, 2], 3, ignore_class=255)
    check_labels(np.array([0, 255], "uint8"), 3, ignore_class=255)
    check_labels([0, -1, 2], 3, ignore_class=-1)
    with pytest.raises(DataError, match=r"y_true\[2\] = 254\."):
        check_labels([0, 255, 254], 3, ignore_class=255)


def test_without_a_number_of_classes_only_fractions_are_refused():
    check_labels([-5, 1000])
    with pytest.raises(DataError, match=r"y_true\[1\] = 1\.5"):
        check_labels([1.0, 1.5])


def test_text_is_no_label():
    with pytest.raises(DTypeError, match=r"received the dtype <U3\. Number the classes first"):
        check_labels(np.array(["cat", "dog"]), 2)


def test_traced_labels_pass_unread():
    jax.jit(lambda labels: check_labels(labels, 3))(jnp.array([7]))
    jax.jit(lambda label: check_labels([label], 3))(7)


TRACED = {
    "too large": (np.array([0, 3, 1]), None, True),
    "negative": (np.array([0, -1, 1]), None, True),
    "fraction": (np.array([0.0, 0.5, 1.0], "float32"), None, True),
    "good": (np.array([0, 2, 1]), None, False),
    "ignored": (np.array([0, -1, 1]), -1, False),
    "beside an ignored one": (np.array([-1, 4, 1]), -1, True),
    "uint8": (np.array([0, 3, 1], "uint8"), -1, True),
    "ignored uint8": (np.array([0, 255, 1], "uint8"), 255, False),
}


@pytest.mark.parametrize(("labels", "ignore_class", "refused"), TRACED.values(), ids=TRACED)
def test_traced_labels_are_noted_for_whoever_runs_the_program(labels, ignore_class, refused):
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignore_class)
    notes = []

    def bad_places(y_true):
        with collect_value_checks() as checks:
            loss(y_true, LOGITS[:3])
        notes.extend(checks)
        return [check.bad for check in checks]

    (bad,) = jax.jit(bad_places)(labels)
    np.testing.assert_array_equal(bad, [False, refused, False])
    with pytest.raises(DataError, match=r"received y_true\[1\] = 3\. Number the classes"):
        notes[0].refuse((1,), 3)


def test_more_classes_than_the_labels_dtype_can_name():
    def bad_places(y_true):
        with collect_value_checks() as checks:
            check_labels(y_true, 300)
        return checks[0].bad

    assert not jax.jit(bad_places)(np.array([0, 255], "uint8")).any()


@pytest.mark.parametrize(
    "loss",
    [
        losses.SparseCategoricalCrossentropy(from_logits=True),
        losses.CategoricalGeneralizedCrossEntropy(),
        losses.sparse_categorical_crossentropy,
        losses.LossFunctionWrapper(losses.sparse_categorical_crossentropy),
    ],
    ids=["class", "generalized", "function", "wrapper"],
)
def test_losses_check_their_labels(loss):
    for labels in ([0, 1, 2, 3], [0, 1, 2, -1], [0.0, 1.0, 2.0, 0.5]):
        with pytest.raises(DataError, match=r"y_true\[3\]"):
            loss(np.array(labels), LOGITS)
        with pytest.raises(DataError, match=r"y_true\[3\]"):  # constants are not traced
            jax.jit(functools.partial(loss, np.array(labels)))(LOGITS)


@pytest.mark.parametrize("labels", [[0, 3], [0, -1], [0.0, 0.5]], ids=str)
def test_traced_labels_that_name_no_class_give_nan(labels):
    found = jax.jit(losses.sparse_categorical_crossentropy)(jnp.array(labels), LOGITS[:2])
    assert np.isfinite(found[0])
    assert np.isnan(found[1])


def test_labels_keep_their_value_in_half_precision():
    logits = np.zeros((1, 300), "float32")
    logits[0, 257] = 1.0  # bfloat16 would round the label 257 to 256
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, dtype="bfloat16")
    likely, unlikely = loss([257], logits), loss([256], logits)
    np.testing.assert_allclose(float(unlikely) - float(likely), 1.0, atol=2 * 2.0**-5)


def test_integers_and_whole_floats_are_the_same_labels():
    expected = losses.sparse_categorical_crossentropy([0, 2, 1, 0], LOGITS, from_logits=True)
    for dtype in ("float32", "float64", "int8", "uint8", "int64"):
        found = losses.sparse_categorical_crossentropy(
            np.array([0, 2, 1, 0], dtype), LOGITS, from_logits=True
        )
        np.testing.assert_array_equal(found, expected)


def test_circle_takes_any_integers_but_no_fractions():
    unit = LOGITS / np.linalg.norm(LOGITS, axis=1, keepdims=True)
    np.testing.assert_array_equal(
        losses.circle([-3, 99, -3, 99], unit), losses.circle([0, 1, 0, 1], unit)
    )
    with pytest.raises(DataError, match=r"y_true\[1\] = 0\.5"):
        losses.circle([0.0, 0.5, 0.0, 1.0], unit)


def test_ctc_refuses_a_blank_between_labels():
    logits = np.zeros((1, 6, 5), "float32")
    with pytest.raises(DataError, match=r"y_true\[0, 1\] = 0 before y_true\[0, 2\] = 2"):
        losses.ctc(np.array([[1, 0, 2]]), logits)
    with pytest.raises(DataError, match="from 0 to 4"):
        losses.ctc(np.array([[1, 5, 0]]), logits)
