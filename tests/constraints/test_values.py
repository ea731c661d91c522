"""Constraints against Keras, and the norms that they promise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import constraints
from deepkit.tensors import KerasTensor
from tests.oracle import keras, oracle

CASES = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0.0}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 2.0, "rate": 0.3, "axis": 1}),
    ("MinMaxNorm", {"min_value": 1.5, "max_value": 1.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": [0, 1]}),
    ("UnitNorm", {"axis": -1}),
]
W = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
W[:, 0] = 0.0
W[0, 1] = 0.0
W[:, 2] *= 10


@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_match_keras(name, options):
    with oracle():
        expected = getattr(keras.constraints, name)(**options)(W)
    ours = getattr(constraints, name)(**options)
    # A norm of up to 20 float32 squares, summed in another order.
    np.testing.assert_allclose(ours(W), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(jax.jit(ours)(W), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(ours(deepkit.Variable(W)), expected, rtol=1e-6, atol=1e-7)
    assert ours(KerasTensor((5, 4))).shape == (5, 4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_half_precision_does_not_overflow(name, options, dtype):
    w = jnp.asarray(W * 300, dtype)
    ours = getattr(constraints, name)(**options)
    assert ours(w).dtype == dtype
    expected = ours(w.astype("float32")).astype(dtype)
    np.testing.assert_array_equal(
        np.asarray(ours(w), "float32"), np.asarray(expected, "float32"), strict=True
    )


def test_norms_are_as_promised():
    def norms(w):
        return np.linalg.norm(np.asarray(w), axis=0)

    before = norms(W)
    # ε = 1e-7 in the denominator takes as much off.
    np.testing.assert_allclose(norms(constraints.MaxNorm(2.0)(W)), np.minimum(before, 2), rtol=1e-5)
    np.testing.assert_allclose(norms(constraints.UnitNorm()(W)), [0, 1, 1, 1], rtol=1e-5)
    halfway = constraints.MinMaxNorm(1.0, 3.0, rate=0.5)(W)
    wanted = (np.clip(before, 1, 3) + before) / 2
    np.testing.assert_allclose(norms(halfway)[1:], wanted[1:], rtol=1e-5)


def test_a_variable_keeps_to_its_constraint():
    kernel = deepkit.Variable(W, constraint=constraints.get("non_neg"))
    kernel.assign(kernel.constraint(kernel - 0.1))
    assert float(kernel.numpy().min()) == 0.0


def test_integers():
    assert constraints.NonNeg()(np.array([-1, 2])).tolist() == [0, 2]
    assert constraints.UnitNorm()(np.array([3, 4])).tolist() == pytest.approx([0.6, 0.8])


def test_the_base_class_changes_nothing():
    assert constraints.Constraint()(W) is W


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("MaxNorm", {"max_value": -1}, "`max_value` to be a number of 0 or more, received -1"),
        ("MaxNorm", {"max_value": "2"}, "`max_value` to be a number of 0 or more, received '2'"),
        ("MaxNorm", {"axis": 0.5}, "`axis` to be an integer or a list of integers, received 0.5"),
        ("UnitNorm", {"axis": [0, None]}, r"`axis` to be an integer .* received \[0, None\]"),
        ("MinMaxNorm", {"min_value": float("nan")}, "`min_value` to be a number .* received nan"),
        ("MinMaxNorm", {"min_value": 2.0}, "min_value=2.0, max_value=1.0"),
        ("MinMaxNorm", {"rate": 1.5}, "`rate` to be a number from 0 to 1, received 1.5"),
    ],
)
def test_arguments_that_do_not_fit(name, options, message):
    with pytest.raises(deepkit.errors.ArgumentError, match=message):
        getattr(constraints, name)(**options)
