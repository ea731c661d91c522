"""Regularizers against Keras, forward and backward, and where Keras gives NaN."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import regularizers
from deepkit.tensors import KerasTensor
from tests.oracle import keras, oracle

CASES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L1", {"l1": None}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L2", {"l2": None}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.3}),
    ("L1L2", {"l1": 0.3, "l2": 0.2}),
    ("L1L2", {"l1": None, "l2": None}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.4, "mode": "columns"}),
]
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_and_gradients_match_keras(name, options):
    ours = getattr(regularizers, name)(**options)
    with oracle():
        theirs = getattr(keras.regularizers, name)(**options)
        expected, expected_slope = jax.value_and_grad(theirs)(jnp.asarray(X))
    value, slope = jax.value_and_grad(ours)(jnp.asarray(X))
    # Sums of 12 float32 numbers in another order.
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_summed_in_float32(name, options, dtype):
    # Squares of 300 overflow float16, and so do 64 of them; factor times their sum may not.
    x = jnp.full((8, 8), 300.0, dtype).at[0, 0].set(1.0)
    ours = getattr(regularizers, name)(
        **{k: v and v / 100 if k != "mode" else v for k, v in options.items()}
    )
    value = ours(x)
    assert value.dtype == dtype
    expected = float(ours(x.astype("float32")))
    assert float(value) == pytest.approx(min(expected, np.inf), rel=float(jnp.finfo(dtype).eps))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_variables_lists_jit_and_symbolic_tensors(name, options):
    ours = getattr(regularizers, name)(**options)
    expected = float(ours(jnp.asarray(X)))
    for value in (ours(deepkit.Variable(X)), ours(X.tolist()), jax.jit(ours)(X)):
        assert float(value) == pytest.approx(expected, rel=1e-6)
    symbolic = ours(KerasTensor((4, 3)))
    assert symbolic.shape == ()
    assert symbolic.dtype == "float32"


def test_integers():
    assert float(regularizers.L1(0.5)(np.array([1, -3]))) == 2.0


def test_zero_rows_have_a_finite_gradient():
    # Keras: 0 · rsqrt'(0) = NaN.
    x = jnp.asarray(X).at[1].set(0.0)
    value, slope = jax.value_and_grad(regularizers.OrthogonalRegularizer(0.5))(x)
    rest = float(regularizers.OrthogonalRegularizer(0.5)(jnp.delete(x, 1, axis=0)))
    # 3 of 6 pairs are left.
    assert float(value) == pytest.approx(rest / 2, rel=1e-6)
    assert np.isfinite(slope).all()
    assert float(regularizers.OrthogonalRegularizer()([[1.0, 2.0]])) == 0.0


def test_the_mean_cosine_by_hand():
    x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    # |cos| of the three pairs: √½, 0, √½.
    expected = 0.3 * (np.sqrt(0.5) + 0 + np.sqrt(0.5)) / 3
    assert float(regularizers.OrthogonalRegularizer(0.3)(x)) == pytest.approx(expected, rel=1e-6)
    columns = regularizers.OrthogonalRegularizer(0.3, mode="columns")
    assert float(columns(x.T)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "argument"),
    [("L1", "l1"), ("L2", "l2"), ("L1L2", "l2"), ("OrthogonalRegularizer", "factor")],
)
@pytest.mark.parametrize("value", [-1.0, float("inf"), float("nan"), "0.1", True])
def test_factors_must_be_numbers(name, argument, value):
    message = f"`{argument}` to be a finite number of 0 or more, received {value!r}"
    with pytest.raises(deepkit.errors.ArgumentError, match=message):
        getattr(regularizers, name)(**{argument: value})


def test_the_orthogonal_one_checks_mode_and_rank():
    with pytest.raises(deepkit.errors.ArgumentError, match="'rows' or 'columns', received 'row'"):
        regularizers.OrthogonalRegularizer(mode="row")
    with pytest.raises(deepkit.errors.ShapeError, match=r"rank 2 .* received shape \(2, 2, 2\)"):
        regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2)))


def test_the_base_class_adds_nothing():
    assert regularizers.Regularizer()(X) == 0.0
