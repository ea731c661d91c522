"""Numbers drawn on the host are those of `jax.random`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import random
from deepkit.random import _threefry


@pytest.mark.parametrize("shape", [(), (0, 3), (1,), (3, 5), (7, 11, 13), (2**14 + 3,)])
@pytest.mark.parametrize("key", [(0, 0), (2**32 - 1, 2**32 - 1), (7, 123)])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.3, 0.3), (2, 5)])
def test_they_are_those_of_jax(shape, key, low, high):
    key = jnp.asarray(key, "uint32")
    expected = jax.random.uniform(key, shape, "float32", float(low), float(high))
    actual = _threefry.uniform(key, shape, low, high)
    assert isinstance(actual, jax.Array)
    assert actual.dtype == "float32" and actual.shape == shape
    # XLA may round once where NumPy rounds twice.
    np.testing.assert_allclose(actual, expected, rtol=2e-7, atol=abs(low) * 2e-7)
    assert (np.asarray(actual) >= low).all() and (np.asarray(actual) <= high).all()


def test_bits_are_those_of_jax():
    key = jnp.asarray([5, 9], "uint32")
    bits = _threefry._bits(np.asarray(key), np.arange(1000, dtype="uint32"))
    np.testing.assert_array_equal(bits, jax.random.bits(key, (1000,)))


def test_compiled_functions_draw_on_the_device():
    def draw(x):
        return x * random.uniform((4,), seed=3)

    assert "random_bits" in str(jax.make_jaxpr(draw)(1.0))
    np.testing.assert_allclose(jax.jit(draw)(1.0), draw(1.0), rtol=2e-7)


def test_large_arrays_are_left_to_the_device():
    key = jnp.asarray([1, 2], "uint32")
    assert _threefry.draws_on_host(key, 2**20)
    assert not _threefry.draws_on_host(key, 2**20 + 1)


@pytest.mark.parametrize("partitionable", [True, False])
def test_jax_s_setting_is_followed(partitionable):
    before = jax.config.jax_threefry_partitionable
    jax.config.update("jax_threefry_partitionable", partitionable)
    try:
        expected = jax.random.uniform(jnp.asarray([4, 0], "uint32"), (5,))
        np.testing.assert_allclose(random.uniform((5,), seed=4), expected, rtol=2e-7)
    finally:
        jax.config.update("jax_threefry_partitionable", before)
