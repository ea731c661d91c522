"""Numbers that one program draws for all shapes are those of `jax.random`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import initializers, random
from deepkit.random import _blocks

SHAPES = [(), (0, 3), (1,), (3, 5), (2**12 + 1,), (7, 11, 13), (2, 2**17 + 9)]
KEYS = [(0, 0), (2**32 - 1, 2**32 - 1), (7, 123)]
PROGRAMS = (_blocks._uniform, _blocks._normal, _blocks._truncated_normal)


def compiled() -> list[int]:
    return [_blocks._filled(draw)._cache_size() for draw in PROGRAMS]


@pytest.fixture
def numpy_is_left_alone(monkeypatch):
    monkeypatch.setattr(_blocks, "_MAX_DRAWN_BY_NUMPY", 0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("key", KEYS)
def test_normal_numbers_are_those_of_jax(shape, key):
    key = jnp.asarray(key, "uint32")
    expected = jax.random.normal(key, shape, "float32") * 0.5 + 2.0
    # XLA may round once where NumPy rounds twice.
    actual = _blocks.normal(key, shape, 2.0, 0.5)
    assert isinstance(actual, jax.Array)
    np.testing.assert_allclose(actual, expected, rtol=2e-7, atol=2e-7, strict=True)
    expected = jax.random.truncated_normal(key, -2.0, 2.0, shape, "float32") * 3.0
    actual = _blocks.truncated_normal(key, shape, 0.0, 3.0)
    np.testing.assert_allclose(actual, expected, rtol=2e-7, atol=1e-6, strict=True)


@pytest.mark.parametrize("shape", [*SHAPES, (2**20 + 5,)])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.3, 0.3), (2, 5)])
@pytest.mark.parametrize("by_numpy", [0, 2**40])
def test_uniform_numbers_are_those_of_jax(shape, low, high, by_numpy, monkeypatch):
    monkeypatch.setattr(_blocks, "_MAX_DRAWN_BY_NUMPY", by_numpy)
    key = jnp.asarray([3, 2**31], "uint32")
    expected = jax.random.uniform(key, shape, "float32", float(low), float(high))
    actual = _blocks.uniform(key, shape, low, high)
    assert isinstance(actual, jax.Array)
    np.testing.assert_allclose(actual, expected, rtol=2e-7, atol=abs(low) * 2e-7, strict=True)
    assert (np.asarray(actual) >= low).all() and (np.asarray(actual) <= high).all()


def test_numpy_and_the_program_draw_the_same(monkeypatch):
    key, shape = jnp.asarray([5, 6], "uint32"), (300, 70)
    monkeypatch.setattr(_blocks, "_MAX_DRAWN_BY_NUMPY", 2**40)
    by_numpy = _blocks.uniform(key, shape, -0.1, 0.2)
    monkeypatch.setattr(_blocks, "_MAX_DRAWN_BY_NUMPY", 0)
    np.testing.assert_array_equal(_blocks.uniform(key, shape, -0.1, 0.2), by_numpy, strict=True)


def test_numpy_draws_until_compiling_would_have_paid(monkeypatch):
    monkeypatch.setattr(_blocks, "_STATE", _blocks._State())
    monkeypatch.setattr(_blocks, "_MAX_DRAWN_BY_NUMPY", 10_000)
    drawn = []
    for size in (6_000, 6_000, 6_000, 100, 6_000):
        random.uniform((size,), seed=1)
        drawn.append(_blocks._STATE.drawn_by_numpy)
    assert drawn == [6_000, 12_000, 12_000, 12_100, 12_100]


@pytest.mark.usefixtures("numpy_is_left_alone")
def test_one_program_serves_all_shapes():
    for shape in [(3, 3), (70, 70), (2**18 + 1,)]:
        initializers.GlorotUniform(seed=1)(shape)
        initializers.HeNormal(seed=1)(shape)
        initializers.RandomNormal(0.1, 0.2, seed=1)(shape)
    first = compiled()
    initializers.GlorotUniform(seed=2)((2**20 + 5,))
    initializers.HeNormal(seed=2)((500, 30))
    initializers.Orthogonal(seed=2)((64, 30))
    assert compiled() == first
    assert max(first) == 1


def test_functions_being_compiled_draw_on_the_device():
    def draw(x):
        return x * random.normal((4,), seed=3), x * random.truncated_normal((4,), seed=3)

    for place in (0, 1):
        assert "random_bits" in str(jax.make_jaxpr(lambda x, place=place: draw(x)[place])(1.0))
    for inside, outside in zip(jax.jit(draw)(1.0), draw(1.0)):
        np.testing.assert_allclose(inside, outside, rtol=1e-6)


def test_other_parameters_and_dtypes_are_drawn_by_jax():
    words = jnp.asarray([4, 0], "uint32")
    scales = jnp.asarray([1.0, 2.0, 3.0])
    expected = jax.random.normal(words, (5, 3)) * scales + 1
    np.testing.assert_allclose(random.normal((5, 3), 1.0, scales, seed=4), expected, rtol=1e-6)
    expected = jax.random.normal(words, (5, 3), "bfloat16")
    actual = random.normal((5, 3), dtype="bfloat16", seed=4)
    np.testing.assert_array_equal(actual, expected, strict=True)


def test_arrays_that_are_not_counted_by_32_bits_are_left_to_jax():
    key = jnp.asarray([1, 2], "uint32")
    assert _blocks.fits(key, 2**32 - 1)
    assert not _blocks.fits(key, 2**32)


def test_a_setting_of_jax_is_followed():
    before = jax.config.jax_threefry_partitionable
    jax.config.update("jax_threefry_partitionable", False)
    try:
        expected = jax.random.normal(jnp.asarray([4, 0], "uint32"), (5,))
        np.testing.assert_allclose(random.normal((5,), seed=4), expected, rtol=1e-6)
    finally:
        jax.config.update("jax_threefry_partitionable", before)
