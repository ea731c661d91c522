"""Keys for programs: the numbers of `jax.random`, on CPU without its loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import random
from deepkit.random import _keys

WORDS = jnp.asarray([7, 2**32 - 1], "uint32")
DRAWS = {
    "bits": lambda key: jax.random.bits(key, (5, 3)),
    "bytes": lambda key: jax.random.bits(key, (5, 3), "uint8"),
    "normal": lambda key: jax.random.normal(key, (7, 11)),
    "bernoulli": lambda key: jax.random.bernoulli(key, 0.3, (2**14 + 3,)),
    "scalar": lambda key: jax.random.uniform(key, ()),
    "nothing": lambda key: jax.random.uniform(key, (3, 0)),
    "randint": lambda key: jax.random.randint(key, (9,), 0, 1000),
    "permutation": lambda key: jax.random.permutation(key, 20),
    "split": lambda key: jax.random.normal(jax.random.split(key, 3)[2], (4,)),
    "fold_in": lambda key: jax.random.normal(jax.random.fold_in(key, 3), (4,)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_numbers_are_those_of_jax(name):
    draw = DRAWS[name]
    expected = np.asarray(draw(WORDS))
    np.testing.assert_array_equal(draw(_keys.as_key(WORDS)), expected, strict=True)
    compiled = jax.jit(lambda words: draw(_keys.as_key(words)))(WORDS)
    np.testing.assert_array_equal(compiled, expected, strict=True)


def test_under_vmap_and_in_a_scan():
    keys = jnp.stack([WORDS, WORDS + np.uint32(1)])

    def draw(words):
        return jax.random.bits(_keys.as_key(words), (6,))

    expected = jnp.stack([jax.random.bits(words, (6,)) for words in keys])
    np.testing.assert_array_equal(jax.vmap(draw)(keys), expected)
    _, scanned = jax.jit(lambda keys: jax.lax.scan(lambda c, k: (c, draw(k)), 0, keys))(keys)
    np.testing.assert_array_equal(scanned, expected)


def test_a_gradient_sees_the_mask_of_its_value():
    def drop(x):
        return random.dropout(x, 0.25, seed=WORDS)

    x = jnp.full((50, 80), 2.0)
    value, slope = jax.jit(lambda x: (drop(x), jax.grad(lambda x: drop(x).sum())(x)))(x)
    np.testing.assert_array_equal(value, drop(x))
    np.testing.assert_allclose(slope, value / x, rtol=1e-6)


@pytest.mark.parametrize(("platform", "is_written_out"), [("cpu", True), ("tpu", False)])
def test_only_cpu_has_a_form_of_its_own(platform, is_written_out):
    def draw(words):
        return jax.random.bits(_keys.as_key(words), (4, 5))

    def stacks(function):
        exported = jax.export.export(jax.jit(function), platforms=[platform])(WORDS)
        return "dynamic_update_slice" in exported.mlir_module()

    # The parts are stacked; nothing is in the program of JAX.
    assert stacks(draw) == is_written_out
    assert not stacks(lambda words: jax.random.bits(words, (4, 5)))


def test_a_setting_of_jax_is_followed():
    before = jax.config.jax_threefry_partitionable
    jax.config.update("jax_threefry_partitionable", False)
    try:
        expected = jax.random.bernoulli(WORDS, 0.5, (64,))
        kept = random.dropout(jnp.ones((64,)), 0.5, seed=WORDS) > 0
        np.testing.assert_array_equal(kept, expected)
    finally:
        jax.config.update("jax_threefry_partitionable", before)
