"""Pooling for CPU against XLA's own, forward and backward, and under transforms."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.ops import _pool_native as native
from deepkit.ops import _pool_primitives as primitives
from deepkit.ops._pool_geometry import PoolGeometry

RNG = np.random.default_rng(0)
# Sums of a dozen numbers of size one.
CLOSE = {"rtol": 1e-6, "atol": 2e-6}

NONE = (0, 0)
GEOMETRIES = [
    PoolGeometry((6, 7, 3), (2, 2, 1), (2, 2, 1), (NONE, NONE, NONE)),
    PoolGeometry((6, 7, 3), (3, 2, 1), (1, 2, 1), ((1, 1), (0, 1), NONE)),
    PoolGeometry((6, 7, 3), (3, 1, 1), (2, 2, 1), ((1, 0), NONE, NONE)),
    PoolGeometry((3, 6, 7), (1, 2, 3), (1, 3, 2), (NONE, NONE, (1, 1))),
    PoolGeometry((3, 40), (1, 20), (1, 9), (NONE, (3, 3))),
    PoolGeometry((9, 2), (3, 1), (2, 1), (NONE, NONE)),
    PoolGeometry((4, 5, 3, 2), (2, 3, 2, 1), (1, 2, 1, 1), ((0, 1), NONE, NONE, NONE)),
]


def normal(*shape):
    return jnp.asarray(RNG.normal(size=shape), "float32")


def derivatives(function, x, tangent, cotangent):
    value, slope = jax.jvp(function, (x,), (tangent,))
    return value, slope, jax.vjp(function, x)[1](cotangent)[0]


@pytest.mark.parametrize("name", ["max_pool", "sum_pool"])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_equals_lax_forward_and_backward(geometry, name):
    x, tangent = normal(2, *geometry.input_size), normal(2, *geometry.input_size)
    cotangent = normal(2, *geometry.output_size)
    results = [
        jax.jit(functools.partial(derivatives, functools.partial(f, geometry=geometry)))(
            x, tangent, cotangent
        )
        for f in (getattr(primitives, name), getattr(native, name))
    ]
    for a, e in zip(*results, strict=True):
        np.testing.assert_allclose(a, e, **CLOSE)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_of_equal_maxima_the_first_gets_the_gradient_as_in_lax(geometry):
    x = jnp.asarray(RNG.integers(0, 2, size=(2, *geometry.input_size)), "float32")
    y = normal(2, *geometry.output_size)
    actual, expected = (
        jax.vjp(functools.partial(m.max_pool, geometry=geometry), x)[1](y)[0]
        for m in (primitives, native)
    )
    np.testing.assert_allclose(actual, expected, **CLOSE)


@pytest.mark.parametrize("name", ["max_pool", "sum_pool"])
@pytest.mark.parametrize("first", [jax.jacfwd, jax.jacrev])
@pytest.mark.parametrize("second", [jax.jacfwd, jax.jacrev])
def test_second_derivatives_in_both_modes(first, second, name):
    geometry = PoolGeometry((4, 3, 1), (2, 2, 1), (1, 1, 1), (NONE, NONE, NONE))
    x = normal(1, *geometry.input_size)
    actual, expected = (
        second(first(lambda x, f=f: jnp.sum(jnp.sin(f(x, geometry=geometry)))))(x)
        for f in (getattr(primitives, name), getattr(native, name))
    )
    np.testing.assert_allclose(actual, expected, **CLOSE)


@pytest.mark.parametrize("axis", [0, 2])
def test_vmap_of_gradients(axis):
    geometry = GEOMETRIES[0]
    x = normal(3, 2, *geometry.input_size)
    for name in ("max_pool", "sum_pool"):
        slopes = [
            jax.grad(lambda x, f=f: jnp.sum(f(x, geometry=geometry) ** 2))
            for f in (getattr(primitives, name), getattr(native, name))
        ]
        actual = jax.vmap(slopes[0], axis, axis)(jnp.moveaxis(x, 0, axis))
        expected = jnp.stack([slopes[1](one) for one in x])
        np.testing.assert_allclose(jnp.moveaxis(actual, axis, 0), expected, **CLOSE)


def test_the_form_follows_the_platform():
    geometry = GEOMETRIES[0]
    x = normal(2, *geometry.input_size)
    slope = jax.jit(jax.grad(lambda x: jnp.sum(primitives.max_pool(x, geometry=geometry) ** 2)))
    on_cpu = slope.lower(x).as_text()
    assert "stablehlo.maximum" in on_cpu or "stablehlo.select" in on_cpu
    assert "reduce_window" not in on_cpu
    assert "select_and_scatter" not in on_cpu
    on_tpu = jax.export.export(slope, platforms=["tpu"])(x).mlir_module()
    assert "select_and_scatter" in on_tpu


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float16", "bfloat16"])
def test_maxima_of_other_dtypes(dtype):
    x = jnp.asarray([[[3], [1], [2], [0], [7]]], dtype)
    y = ops.max_pool(x, 2, padding="same")
    assert y.dtype == dtype
    assert y.astype("int32").ravel().tolist() == [3, 2, 7]


def test_negative_maxima_are_not_raised_by_padding():
    x = -jnp.ones((1, 3, 1))
    assert ops.max_pool(x, 3, strides=1, padding="same").ravel().tolist() == [-1.0, -1.0, -1.0]


def test_padding_does_not_count_in_averages():
    x = jnp.ones((1, 5, 4, 2))
    for padding in ("same", [(2, 1), (0, 2)]):
        y = ops.average_pool(x, 3, strides=2, padding=padding)
        np.testing.assert_allclose(y, np.ones(y.shape), rtol=1e-6)


def test_strides_are_the_window_by_default():
    x = normal(2, 6, 4, 3)
    np.testing.assert_array_equal(ops.max_pool(x, (3, 2)), ops.max_pool(x, (3, 2), (3, 2)))
    np.testing.assert_array_equal(ops.average_pool(x, 2), ops.average_pool(x, 2, 2))


def test_channels_first_is_channels_last_transposed():
    x = normal(2, 5, 4, 3)
    moved = jnp.moveaxis(x, -1, 1)
    for name, arguments in (
        ("max_pool", (2, 1, "same")),
        ("average_pool", (2, 1, "same")),
        ("adaptive_max_pool", (3,)),
        ("adaptive_average_pool", (3,)),
    ):
        function = getattr(ops, name)
        first = function(moved, *arguments, data_format="channels_first")
        last = function(x, *arguments, data_format="channels_last")
        np.testing.assert_allclose(jnp.moveaxis(first, 1, -1), last, **CLOSE)


@pytest.mark.parametrize(("size", "count"), [(7, 7), (9, 7), (5, 3), (8, 4), (3, 5), (10, 1)])
def test_adaptive_windows_are_cut_exactly(size, count):
    """Against the definition; Keras's float arithmetic goes wrong for 9 places in 7 windows."""
    x = normal(2, size, 3)
    windows = [x[:, i * size // count : -(-(i + 1) * size // count)] for i in range(count)]
    np.testing.assert_allclose(
        ops.adaptive_average_pool(x, count), jnp.stack([w.mean(1) for w in windows], 1), **CLOSE
    )
    np.testing.assert_array_equal(
        ops.adaptive_max_pool(x, count), jnp.stack([w.max(1) for w in windows], 1)
    )


def test_errors():
    x = normal(1, 4, 4, 2)
    with pytest.raises(ShapeError, match="A window of size 5 does not fit into inputs of shape"):
        ops.max_pool(x, 5)
    with pytest.raises(ShapeError, match="`average_pool` expects inputs with a batch, channels"):
        ops.average_pool(x[0, 0], 2)
    with pytest.raises(ArgumentError, match="Expected `pool_size` to be an integer or 2 integers"):
        ops.max_pool(x, (2, 2, 2))
    with pytest.raises(ArgumentError, match="Expected `padding` to be 'valid', 'same' or a pair"):
        ops.average_pool(x, 2, padding="full")
    with pytest.raises(ArgumentError, match="Expected `output_size`"):
        ops.adaptive_max_pool(x, 0)
