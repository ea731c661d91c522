"""Weights, masks and reductions by hand-made numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import losses
from deepkit.core.errors import ArgumentError
from deepkit.losses._reduction import reduce_losses

VALUES = jnp.array([1.0, 2.0, 4.0, 8.0])
WEIGHTS = jnp.array([1.0, 0.0, 2.0, 1.0])
MASK = jnp.array([True, True, True, False])

# sum(v)=15; sum(v·w)=17; with the mask 7 and 9 (3 entries count, their weights sum to 3).
EXPECTED = {
    ("sum_over_batch_size", False, False): 15 / 4,
    ("sum_over_batch_size", True, False): 17 / 4,
    ("sum_over_batch_size", False, True): 7 / 3,
    ("sum_over_batch_size", True, True): 9 / 3,
    ("mean", True, True): 9 / 3,
    ("sum", False, False): 15.0,
    ("sum", True, False): 17.0,
    ("sum", False, True): 7.0,
    ("sum", True, True): 9.0,
    ("mean_with_sample_weight", False, False): 15 / 4,
    ("mean_with_sample_weight", True, False): 17 / 4,
    ("mean_with_sample_weight", False, True): 7 / 3,
    ("mean_with_sample_weight", True, True): 9 / 3,
}


@pytest.mark.parametrize("case", EXPECTED, ids=str)
def test_numbers(case):
    reduction, weighted, masked = case
    found = reduce_losses(
        VALUES, WEIGHTS if weighted else None, MASK if masked else None, reduction
    )
    np.testing.assert_allclose(found, EXPECTED[case], rtol=1e-6)


def test_mean_with_sample_weight_divides_by_the_weights_as_given():
    found = reduce_losses(VALUES, jnp.array([2.0, 2.0, 2.0, 2.0]), None, "mean_with_sample_weight")
    np.testing.assert_allclose(found, 15 / 4, rtol=1e-6)
    # One weight for all: its sum is itself, as in Keras.
    found = reduce_losses(VALUES, 2.0, None, "mean_with_sample_weight")
    np.testing.assert_allclose(found, 15.0, rtol=1e-6)


@pytest.mark.parametrize("reduction", ["none", None])
def test_none_keeps_the_shape_of_the_losses(reduction):
    found = reduce_losses(VALUES, WEIGHTS[:, None], MASK, reduction)
    np.testing.assert_array_equal(found, [1.0, 0.0, 8.0, 0.0])


def test_masked_values_may_be_anything():
    broken = VALUES.at[3].set(jnp.nan)
    gradient = jax.grad(lambda v: reduce_losses(v, WEIGHTS, MASK))(broken)
    np.testing.assert_allclose(reduce_losses(broken, WEIGHTS, MASK), 3.0, rtol=1e-6)
    np.testing.assert_allclose(gradient, [1 / 3, 0.0, 2 / 3, 0.0], rtol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight"])
def test_all_masked_is_zero_with_a_zero_gradient(reduction):
    def total(values, weights):
        return reduce_losses(values, weights, jnp.zeros(4, bool), reduction)

    assert float(total(VALUES, WEIGHTS)) == 0.0
    for gradient in jax.grad(total, argnums=(0, 1))(VALUES, WEIGHTS):
        np.testing.assert_array_equal(gradient, np.zeros(4))


def test_an_empty_batch_costs_nothing():
    empty = np.zeros((0, 3), "float32")
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        assert losses.MeanSquaredError(reduction=reduction)(empty, empty).tolist() == 0.0


def test_a_mask_does_not_touch_a_loss_of_one_number():
    dice = losses.Dice()
    y_true, y_pred = np.ones((4, 3), "float32"), np.full((4, 3), 0.5, "float32")
    np.testing.assert_array_equal(dice(y_true, y_pred, mask=MASK), dice(y_true, y_pred))


def test_sums_of_half_precision_do_not_overflow():
    values = jnp.full((1000,), 100.0, jnp.float16)  # their sum, 100,000, is beyond float16
    found = reduce_losses(values)
    assert found.dtype == jnp.float16
    assert float(found) == 100.0


def test_masks_of_steps_and_samples_meet():
    y_true = np.zeros((2, 3, 1), "float32")
    y_pred = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]], "float32")
    mask = [[True, True, False], [True, False, False]]
    loss = losses.MeanAbsoluteError()
    np.testing.assert_allclose(loss(y_true, y_pred, mask=mask), (1 + 2 + 4) / 3, rtol=1e-6)
    np.testing.assert_allclose(
        loss(y_true, y_pred, sample_weight=[1.0, 10.0], mask=mask), (1 + 2 + 40) / 3, rtol=1e-6
    )
    np.testing.assert_allclose(loss(y_true, y_pred, mask=[False, True]), 5.0, rtol=1e-6)


def test_ignored_labels_and_a_mask_meet():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    logits = np.zeros((4, 3), "float32")
    found = loss([0, -1, 1, 2], logits, mask=[True, True, True, False])
    np.testing.assert_allclose(found, np.log(3.0), rtol=1e-6)
    both = losses.SparseCategoricalCrossentropy(True, -1, reduction="none")
    np.testing.assert_allclose(
        both([0, -1, 1, 2], logits, mask=[True, True, True, False]),
        np.log(3.0) * np.array([4 / 2 * 0 + 1, 0, 1, 0]),
        rtol=1e-6,
    )


def test_an_unknown_reduction_raises():
    with pytest.raises(ArgumentError, match=r"Expected `reduction` to be one of .*'average'"):
        losses.Loss(reduction="average")


def test_older_names_of_reductions():
    assert losses.MeanSquaredError(reduction=losses.Reduction.AUTO).reduction == (
        "sum_over_batch_size"
    )
    assert losses.MeanSquaredError(reduction=losses.Reduction.NONE).reduction == "none"
    assert losses.MeanSquaredError(reduction=losses.Reduction.SUM).reduction == "sum"
