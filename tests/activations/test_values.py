"""Activations against Keras, forward and backward, and in half precision."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import activations
from deepkit.tensors import KerasTensor
from tests.activations.cases import ELEMENTWISE, GRID, HUGE, NAMES, OVER_AXIS, matrix
from tests.oracle import keras, oracle

# float32 has 1.2e-7; some functions are a few operations longer here or there.
RTOL = 2e-6


def ours(name, options):
    function = getattr(activations, name)
    return lambda x: function(x, **options)


def theirs(name, options):
    function = getattr(keras.activations, name)
    return lambda x: function(x, **options)


def slopes(function, x):
    """The derivative at each entry."""
    return jax.grad(lambda x: jnp.sum(function(x)))(x)


def test_every_activation_has_a_case():
    public = {name for name in dir(keras.activations) if not name.startswith("_")}
    assert public - {"get", "serialize", "deserialize"} == set(NAMES)


@pytest.mark.parametrize(("name", "options"), ELEMENTWISE)
def test_elementwise_matches_keras(name, options):
    x = jnp.asarray(GRID)
    with oracle():
        expected = theirs(name, options)(x)
    # Keras cancels where squareplus and the gate of gelu come close to zero: |error| ≤ eps · |x|.
    atol = 1.2e-7 * np.abs(GRID) if name in ("squareplus", "gelu") else 1e-12
    actual = np.asarray(ours(name, options)(x))
    both_infinite = np.isinf(expected) & (actual == expected)
    close = np.abs(actual - expected) <= atol + RTOL * np.abs(expected)
    np.testing.assert_array_equal(close | both_infinite, True)


@pytest.mark.parametrize(("name", "options"), ELEMENTWISE)
def test_elementwise_gradient_matches_keras(name, options):
    # At its ceiling relu has slope 0 here for every ceiling; 2.1 is not in the grid.
    x = jnp.asarray(GRID)
    with oracle():
        expected = slopes(theirs(name, options), x)
    actual = slopes(ours(name, options), x)
    usable = np.isfinite(expected)  # Keras's tanh form of gelu gives NaN where x³ overflows
    np.testing.assert_allclose(actual[usable], expected[usable], rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "options"), [c for c in OVER_AXIS if c[0] != "sparsemax"])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_over_axis_matches_keras(name, options, scale):
    x = jnp.asarray(matrix(scale))
    weights = jnp.asarray(np.random.default_rng(1).normal(size=x.shape).astype("float32"))

    def loss(function):
        def weighted(x):
            y = function(x)
            return jnp.sum(y * weights[: y.shape[0], : y.shape[1]])

        return weighted

    with oracle():
        expected = theirs(name, options)(x)
        expected_slopes = jax.grad(loss(theirs(name, options)))(x)
    np.testing.assert_allclose(ours(name, options)(x), expected, rtol=1e-5, atol=1e-6)
    actual = jax.grad(loss(ours(name, options)))(x)
    np.testing.assert_allclose(actual, expected_slopes, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("dtype", ["float32", "float16"])  # bfloat16 overflows where float32 does
@pytest.mark.parametrize(("name", "options"), ELEMENTWISE)
def test_gradients_are_finite_everywhere(name, options, dtype):
    x = np.concatenate([GRID, HUGE[dtype], np.negative(HUGE[dtype])])
    if name == "exponential":
        x = x[x < 10]
    x = jnp.asarray(x, dtype)
    assert np.isfinite(slopes(ours(name, options), x).astype("float32")).all()
    assert slopes(ours(name, options), x).dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "glu"])
def test_gradients_over_an_axis_are_finite_everywhere(name, dtype):
    top = HUGE[dtype][0]
    x = jnp.asarray([[0.0, 0.0, 0.0, 0.0], [top, -top, 1.0, top], [-top, 0.0, 1e-3, 5.0]], dtype)
    y = ours(name, {})(x)
    assert y.dtype == dtype
    assert np.isfinite(y.astype("float32")).all()
    gradient = jax.grad(lambda x: jnp.sum(ours(name, {})(x)[..., 0]))(x)
    assert np.isfinite(gradient.astype("float32")).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("name", "options"), ELEMENTWISE + OVER_AXIS)
def test_half_precision_stays_close_to_float32(name, options, dtype):
    x = GRID if (name, options) in ELEMENTWISE else matrix(3.0)
    x = jnp.asarray(x, dtype)
    exact = ours(name, options)(x.astype("float32"))
    half = ours(name, options)(x)
    assert half.dtype == dtype
    # A dozen roundings to half precision, relative to the output and, near zero, to 1.
    eps = float(jnp.finfo(dtype).eps)
    exact = np.asarray(exact.astype(dtype), "float32")
    np.testing.assert_allclose(half.astype("float32"), exact, rtol=6 * eps, atol=6 * eps)


def test_softmax_of_half_precision_sums_in_float32():
    # 4096 equal entries: each is 2**-12, which a sum in bfloat16 (8 bits) would miss by far.
    x = jnp.zeros((4096,), "bfloat16")
    assert activations.softmax(x).tolist() == [2.0**-12] * 4096
    assert activations.sparsemax(x).tolist() == [2.0**-12] * 4096


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax"])
def test_an_offset_changes_nothing(name):
    x = jnp.asarray(np.round(matrix(), 3))
    # 2**10 leaves 2**-13 of the digits after the point.
    moved = ours(name, {})(x + 1024.0)
    np.testing.assert_allclose(moved, ours(name, {})(x), atol=2e-3)


def test_softmax_second_derivative():
    x = jnp.asarray([0.3, -0.2, 1.0])
    ours_hessian = jax.hessian(lambda x: activations.softmax(x)[0])(x)
    expected = jax.hessian(lambda x: jax.nn.softmax(x)[0])(x)
    np.testing.assert_allclose(ours_hessian, expected, rtol=1e-5, atol=1e-7)


def test_softsign_derivative_keeps_its_digits_in_the_tails():
    x = jnp.asarray([-1e10, 1e10, 3.0, 0.0], "float32")
    slope = slopes(activations.softsign, x)
    np.testing.assert_allclose(slope, [1e-20, 1e-20, 1 / 16, 1.0], rtol=1e-6)


def simplex_projection(x):
    """The nearest point with entries ≥ 0 and sum 1: bisection for τ in float64."""
    low, high = np.min(x) - 1.0, np.max(x)
    for _ in range(200):
        tau = (low + high) / 2
        low, high = (tau, high) if np.sum(np.maximum(x - tau, 0)) > 1 else (low, tau)
    return np.maximum(x - tau, 0)


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_sparsemax_projects_onto_the_simplex(axis, scale):
    # Keras on JAX sums cumulative sums instead of entries: its result does not sum to 1.
    x = matrix(scale)
    expected = np.apply_along_axis(simplex_projection, axis, x.astype("float64"))
    actual = activations.sparsemax(x, axis=axis)
    np.testing.assert_allclose(actual, expected, atol=1e-6 * max(1.0, scale))


def test_sparsemax_jacobian():
    # diag(s) - s sᵀ / |S| with s the indicator of the support S (section 2.5 of the paper).
    x = jnp.asarray(matrix()[0])
    support = (np.asarray(activations.sparsemax(x)) > 0).astype("float32")
    assert 1 < support.sum() < len(x)
    expected = np.diag(support) - np.outer(support, support) / support.sum()
    for jacobian in (jax.jacrev, jax.jacfwd):
        np.testing.assert_allclose(jacobian(activations.sparsemax)(x), expected, atol=1e-6)


def test_sparsemax_of_large_entries():
    # 1e9 - 1 is 1e9 in float32: without the offset taken off, the support would be empty.
    assert activations.sparsemax([1e9, 0.0, -1e9]).tolist() == [1.0, 0.0, 0.0]


def test_squareplus_keeps_its_digits_in_the_left_tail():
    # b / (4 |x|) to first order; Keras gives 0.
    np.testing.assert_allclose(activations.squareplus(-1e5), 1e-5, rtol=1e-5)


@pytest.mark.parametrize("max_value", [3.0, 6])
def test_relu_is_flat_at_its_ceiling(max_value):
    function = ours("relu", {"max_value": max_value})
    assert jax.grad(function)(float(max_value)) == 0.0


@pytest.mark.parametrize(("name", "options"), ELEMENTWISE + OVER_AXIS)
def test_jit_vmap_variables_and_numpy_agree(name, options):
    x = matrix()
    function = ours(name, options)
    expected = np.asarray(function(jnp.asarray(x)))
    np.testing.assert_allclose(jax.jit(function)(x), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(function(deepkit.Variable(x)), expected, rtol=1e-6)
    np.testing.assert_allclose(function(x), expected, rtol=1e-6)
    batched = jax.vmap(function)(jnp.stack([x, x]))
    np.testing.assert_allclose(batched[1], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), ELEMENTWISE + OVER_AXIS)
def test_symbolic_tensors_give_symbolic_tensors(name, options):
    symbolic = getattr(activations, name)(KerasTensor((4, 6)), **options)
    assert isinstance(symbolic, KerasTensor)
    assert symbolic.shape == getattr(activations, name)(matrix(), **options).shape
    unknown = getattr(activations, name)(KerasTensor((None, 6), dtype="float16"), **options)
    assert unknown.shape[0] is None
    assert unknown.dtype == "float16"


def test_integers_become_floats_and_relu_keeps_them():
    assert activations.sigmoid([0, 1]).dtype == "float32"
    assert activations.relu(np.array([-1, 2])).tolist() == [0, 2]
    assert activations.relu(np.array([-1, 2])).dtype == "int32"
    assert activations.relu(np.array([-2, 2]), negative_slope=0.5).tolist() == [-1.0, 2.0]


def test_glu_needs_an_even_size():
    with pytest.raises(deepkit.errors.ShapeError, match=r"even size along axis 1 .* \(2, 3\)"):
        activations.glu(np.ones((2, 3)))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "glu"])
def test_unknown_axis(name):
    with pytest.raises(
        deepkit.errors.ShapeError, match=r"`axis` to lie in .* \(2, 4\), received 2"
    ):
        ours(name, {"axis": 2})(np.ones((2, 4)))


def test_softmax_over_one_entry_warns():
    with pytest.warns(UserWarning, match=r"axis -1 of shape \(5, 1\) has one entry.*`sigmoid`"):
        y = activations.softmax(np.ones((5, 1)))
    assert y.tolist() == [[1.0]] * 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        activations.softmax(np.ones((5, 1)), axis=(0, 1))


def test_squareplus_needs_a_positive_b():
    with pytest.raises(
        deepkit.errors.ArgumentError, match="`b` to be a number above 0, received 0"
    ):
        activations.squareplus(1.0, b=0)


def test_the_hard_sigmoid_of_keras_2():
    x = np.array([-9.0, -2.5, -1.0, 0.0, 0.75, 2.5, 9.0], "float32")
    found = activations.hard_sigmoid_of_keras_2(x)
    # One rounding of a product in float32.
    np.testing.assert_allclose(found, np.clip(0.2 * x + 0.5, 0, 1), rtol=1e-6)
    assert activations.get("hard_sigmoid_of_keras_2") is activations.hard_sigmoid_of_keras_2
