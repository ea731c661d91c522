"""Conversions, shapes of what is not an array, edge cases, and the operators of symbols."""

import math
import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.tensors import KerasTensor, Variable

ARRAY = np.arange(6.0, dtype="float32").reshape(2, 3)


def test_convert_to_numpy_gives_a_copy():
    for x in (jnp.asarray(ARRAY), Variable(ARRAY), ARRAY.tolist()):
        converted = ops.convert_to_numpy(x)
        assert type(converted) is np.ndarray
        assert converted.tolist() == ARRAY.tolist()
        converted[0, 0] = 9
    assert ops.convert_to_numpy(jnp.ones(2, "bfloat16")).dtype.name == "bfloat16"


@pytest.mark.parametrize(
    ("x", "shape", "dtype"),
    [
        (jnp.asarray(ARRAY), (2, 3), "float32"),
        (Variable(ARRAY, dtype="float16"), (2, 3), "float16"),
        ([[1, 2]], (1, 2), "int32"),
        (1.5, (), "float32"),
        (True, (), "bool"),
        (KerasTensor((None, 3), "int8"), (None, 3), "int8"),
    ],
)
def test_shape_size_ndim_and_dtype(x, shape, dtype):
    assert ops.shape(x) == shape
    assert ops.ndim(x) == len(shape)
    assert ops.dtype(x) == dtype
    if None in shape:
        size = ops.size(x)
        assert (size.shape, size.dtype) == ((), "int32")
    else:
        assert ops.size(x) == math.prod(shape)


def test_is_tensor():
    assert ops.is_tensor(jnp.ones(1))
    assert not any(map(ops.is_tensor, (ARRAY, 1.0, Variable(1.0), KerasTensor(()))))


def test_empty_has_shape_and_dtype():
    assert ops.empty((2, 3)).shape == (2, 3)
    assert ops.empty_like(ARRAY, "int32").dtype == "int32"


def test_saturate_cast_keeps_to_the_range():
    assert ops.saturate_cast([-1e10, 1e10], "int32").tolist() == [-(2**31), 2**31 - 128]
    assert ops.saturate_cast([-5.0, 5.0, 0.2], "bool").tolist() == [False, True, True]
    assert ops.saturate_cast(np.array([-1, 300]), "uint8").tolist() == [0, 255]


def test_divide_no_nan_has_finite_gradients():
    gradient = jax.grad(lambda x, y: ops.divide_no_nan(x, y), argnums=(0, 1))(1.0, 0.0)
    assert [float(g) for g in gradient] == [0, 0]


def test_cdist_has_gradient_zero_at_zero():
    gradient = jax.grad(lambda x: ops.cdist(x, np.zeros((1, 2), "float32")).sum())(
        jnp.zeros((1, 2))
    )
    assert gradient.tolist() == [[0, 0]]


def test_powers_of_negative_numbers():
    assert float(jax.grad(lambda x: ops.power(x, 2))(-3.0)) == -6
    assert ops.power(np.array([2, 3]), 2).tolist() == [4, 9]


def test_in_top_k_of_ties_nan_and_labels_out_of_range():
    scores = np.array([[0.1, 0.9, 0.9], [np.nan, 0.1, 0.2], [0.3, 0.2, 0.1]], "float32")
    assert ops.in_top_k(np.array([2, 0, 7]), scores, 1).tolist() == [True, False, False]


def test_segments_count_themselves_and_drop_what_is_outside():
    assert ops.segment_sum([1.0, 2.0, 4.0], [0, 2, 2]).tolist() == [1, 0, 6]
    assert ops.segment_sum([1.0, 2.0, 4.0], [0, 5, -1], num_segments=2).tolist() == [1, 0]


def test_clip_without_a_bound():
    assert ops.clip(ARRAY, None, 2.0).max() == 2
    assert ops.clip(ARRAY, 2.0, None).min() == 2


def test_unknown_sizes_reshape():
    x = KerasTensor((None, 4, 2))
    assert ops.reshape(x, (-1, 8)).shape == (None, 8)
    assert ops.reshape(ARRAY, (None, 2)).shape == (3, 2)


def test_istft_undoes_stft():
    signal = np.sin(np.arange(40.0, dtype="float32"))
    for window in ("hann", "hamming", None):
        pair = ops.stft(signal, 8, 4, 8, window=window)
        # Forward and back in float32: a few steps of 1.2e-7 at values of 1.
        np.testing.assert_allclose(
            ops.istft(pair, 8, 4, 8, length=40, window=window), signal, atol=2e-6
        )


def test_vectors_solve_in_stacks():
    a = np.stack([np.eye(2), 2 * np.eye(2)]).astype("float32")
    b = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    assert ops.solve(a, b).tolist() == [[1, 2], [1.5, 2]]
    assert ops.solve_triangular(a, b, lower=True).tolist() == [[1, 2], [1.5, 2]]


def test_cholesky_inverse_of_stacks():
    a = np.stack([np.diag([4.0, 9.0]), np.diag([1.0, 16.0])]).astype("float32")
    # Square roots and divisions of small whole numbers: a step or two of float32.
    np.testing.assert_allclose(ops.cholesky_inverse(ops.cholesky(a)), np.linalg.inv(a), rtol=1e-6)


ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
COMPARISONS = ("lt", "le", "gt", "ge", "ne")
LOGIC = ("and_", "or_", "xor")


@pytest.mark.parametrize("name", ARITHMETIC + COMPARISONS + LOGIC)
def test_operators_of_symbols(name):
    function = getattr(operator, name)
    array = ARRAY > 2 if name in LOGIC else ARRAY
    other = np.ones_like(array[0])
    x = KerasTensor((None, 3), array.dtype.name)
    expected = function(array, other)
    for symbol in (function(x, other), function(other, x), function(x, x)):
        assert isinstance(symbol, KerasTensor)
        assert symbol.shape == (None, 3)
        assert symbol.dtype == expected.dtype


def replay(symbol, value):
    """The value of a symbol that was drawn from one other by a single op."""
    history = symbol.history
    node = history.operation._inbound_nodes[history.node_index]
    args, kwargs = node.fill(lambda _: value)
    return history.operation(*args, **kwargs)


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda x: x - 1, ARRAY - 1),
        (lambda x: 1 - x, 1 - ARRAY),
        (lambda x: 2**x, 2**ARRAY),
        (lambda x: x // 2, ARRAY // 2),
        (lambda x: -x, -ARRAY),
        (lambda x: abs(x), ARRAY),
        (lambda x: round(x, 1), ARRAY),
        (lambda x: x[:, 1], ARRAY[:, 1]),
        (lambda x: x[..., None, ::-1], ARRAY[..., None, ::-1]),
        (lambda x: x @ np.ones((3, 2), "float32"), ARRAY @ np.ones((3, 2))),
        (lambda x: np.ones((4, 2), "float32") @ x, np.ones((4, 2)) @ ARRAY),
        (lambda x: x > 2, ARRAY > 2),
        (lambda x: ~x, ARRAY == 0),
        (lambda x: x.reshape((3, 2)), ARRAY.reshape(3, 2)),
    ],
)
def test_operators_compute_what_they_say(draw, expected):
    symbol = draw(KerasTensor((2, 3)))
    actual = replay(symbol, jnp.asarray(ARRAY))
    assert actual.shape == symbol.shape
    np.testing.assert_array_equal(actual, expected)


def test_squeeze_method_and_identity_of_symbols():
    x = KerasTensor((2, 1))
    assert x.squeeze(1).shape == (2,)
    assert (x == x) is True
    assert (x == KerasTensor((2, 1))) is False
    assert x in {x}
