"""Numbers drawn on the host are those of `jax.random`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import random
from deepkit.random import _threefry


@pytest.mark.parametrize("size", [0, 1, 15, 1001, 2**14 + 3])
@pytest.mark.parametrize("key", [(0, 0), (2**32 - 1, 2**32 - 1), (7, 123)])
def test_they_are_those_of_jax(size, key):
    key = jnp.asarray(key, "uint32")
    actual = _threefry.unit_floats(key, size)
    np.testing.assert_array_equal(actual, jax.random.uniform(key, (size,)), strict=True)


def test_bits_are_those_of_jax():
    key = jnp.asarray([5, 9], "uint32")
    bits = _threefry.bits_at(np.asarray(key), np.arange(1000, dtype="uint32"))
    np.testing.assert_array_equal(bits, jax.random.bits(key, (1000,)))


def test_compiled_functions_draw_on_the_device():
    def draw(x):
        return x * random.uniform((4,), seed=3)

    assert "random_bits" in str(jax.make_jaxpr(draw)(1.0))
    np.testing.assert_allclose(jax.jit(draw)(1.0), draw(1.0), rtol=2e-7)


@pytest.mark.parametrize("partitionable", [True, False])
def test_jax_s_setting_is_followed(partitionable):
    before = jax.config.jax_threefry_partitionable
    jax.config.update("jax_threefry_partitionable", partitionable)
    try:
        expected = jax.random.uniform(jnp.asarray([4, 0], "uint32"), (5,))
        np.testing.assert_allclose(random.uniform((5,), seed=4), expected, rtol=2e-7)
    finally:
        jax.config.update("jax_threefry_partitionable", before)
