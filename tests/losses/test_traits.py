"""What training asks of a loss: which labels it takes, and whether rows act alone."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import losses
from deepkit.losses._traits import LabelSpec, acts_by_row, label_spec
from tests.losses.catalogue import CTC, ROWS, case_id

SPECS = [
    (losses.sparse_categorical_crossentropy, LabelSpec(-1, None)),
    (losses.SparseCategoricalCrossentropy(), LabelSpec(-1, None)),
    (losses.SparseCategoricalCrossentropy(ignore_class=255, axis=1), LabelSpec(1, 255)),
    (
        losses.LossFunctionWrapper(losses.sparse_categorical_crossentropy, ignore_class=-1),
        LabelSpec(-1, -1),
    ),
    (
        functools.partial(losses.sparse_categorical_crossentropy, ignore_class=7, axis=2),
        LabelSpec(2, 7),
    ),
    (losses.CategoricalGeneralizedCrossEntropy(), LabelSpec(-1, None)),
    (losses.ctc, LabelSpec(-1, None)),
    (losses.CTC(), LabelSpec(-1, None)),
    (losses.Circle(), LabelSpec(None, None)),
    (losses.MeanSquaredError(), None),
    (losses.categorical_crossentropy, None),
    (lambda y_true, y_pred: y_pred, None),
]


@pytest.mark.parametrize(("loss", "expected"), SPECS)
def test_label_spec(loss, expected):
    assert label_spec(loss) == expected


def test_nothing_is_known_of_what_users_write():
    class Mine(losses.SparseCategoricalCrossentropy):
        def call(self, y_true, y_pred):
            return jnp.mean(y_pred, axis=-1) * y_true

    assert label_spec(Mine()) is None
    assert not acts_by_row(Mine(), 2)
    assert not acts_by_row(lambda y_true, y_pred: y_pred, 2)
    assert not acts_by_row(losses.LossFunctionWrapper(lambda y_true, y_pred: y_pred), 2)
    assert float(Mine()(np.array([2]), np.array([[1.0, 2.0]]))) == 3.0  # targets were converted


@pytest.mark.parametrize("row", (*ROWS, CTC), ids=case_id)
def test_added_rows_do_not_change_the_others_where_rows_act_alone(row):
    loss = getattr(losses, row.cls)(**row.class_options, reduction="none")
    y_true, y_pred = row.data() if row is not CTC else (np.array([[1, 2], [3, 0]]), CTC_PRED)
    if not acts_by_row(loss, y_pred.ndim):
        assert row.function == "circle"
        return
    alone = loss(y_true, y_pred)
    for filler in (np.zeros_like, lambda array: array):  # rows of zeros, or copies
        padded = loss(
            np.concatenate([y_true, filler(y_true)]), np.concatenate([y_pred, filler(y_pred)])
        )
        np.testing.assert_allclose(padded[: len(alone)], alone, rtol=1e-5, atol=1e-6)


CTC_PRED = np.random.default_rng(0).normal(size=(2, 4, 5)).astype("float32")


@pytest.mark.parametrize(
    ("loss", "ndim", "expected"),
    [
        (losses.MeanSquaredError(), 2, True),
        (losses.mean_squared_error, 2, True),
        (losses.mean_squared_error, 1, False),  # one sample of N values
        (losses.BinaryCrossentropy(axis=0), 2, False),
        (losses.BinaryCrossentropy(axis=-2), 2, False),
        (losses.BinaryCrossentropy(axis=-2), 3, True),
        (losses.dice, 4, False),
        (losses.Dice(axis=(1, 2, 3)), 4, True),
        (losses.Dice(axis=(0, 1)), 4, False),
        (functools.partial(losses.dice, axis=-1), 2, True),
    ],
)
def test_acts_by_row(loss, ndim, expected):
    assert acts_by_row(loss, ndim) is expected
