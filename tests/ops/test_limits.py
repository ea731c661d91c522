"""What would take a program of any length is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import ops
from deepkit.errors import ArgumentError, ShapeError
from deepkit.layers import LSTM
from deepkit.ops._constants import maker_of


def _abstractly(function, shape):
    return jax.eval_shape(function, jax.ShapeDtypeStruct(shape, "float32"))


def test_parts_of_an_array():
    for split in (ops.split, ops.array_split):
        with pytest.raises(ArgumentError, match="at most 65,536 parts of an array, received 70,0"):
            _abstractly(lambda x, split=split: split(x, 70_000), (140_000,))
    with pytest.raises(ArgumentError, match="Use `ops.scan` or `ops.map` to go through many"):
        _abstractly(ops.unstack, (10**9, 3))


def test_differences_of_differences():
    with pytest.raises(ArgumentError, match="Expected `n` of `diff` to be at most 1,000, received"):
        _abstractly(lambda x: ops.diff(x, 10**6), (5,))


def test_outputs_of_adaptive_pooling():
    for pool in (ops.adaptive_max_pool, ops.adaptive_average_pool):
        with pytest.raises(ShapeError, match="to be at most 1,048,576, received 2000000"):
            _abstractly(lambda x, pool=pool: pool(x, 2_000_000), (1, 5, 3))


def test_taps_of_filters():
    with pytest.raises(ArgumentError, match="`kernel_size` to be at most 4,096, received 1,000,0"):
        _abstractly(lambda x: ops.image.gaussian_blur(x, (10**6, 3)), (1, 8, 8, 3))


def test_constants_of_large_axes_take_no_memory_while_a_model_is_drawn():
    assert maker_of(2**20) is np and maker_of(2**20 + 1) is jnp
    pooled = _abstractly(lambda x: ops.average_pool(x, 2, padding="same"), (1, 10**9, 1))
    assert pooled.shape == (1, 5 * 10**8, 1)
    few = _abstractly(lambda x: ops.adaptive_average_pool(x, 3), (1, 10**9, 1))
    assert few.shape == (1, 3, 1)
    frames = _abstractly(lambda x: ops.extract_sequences(x, 10**9, 1), (10**9 + 4,))
    assert frames.shape == (5, 10**9)
    real, _ = _abstractly(lambda x: ops.stft(x, 10**9, 1, 10**9), (10**9,))
    assert real.shape[-1] == 5 * 10**8 + 1
    patches = _abstractly(lambda x: ops.image.extract_patches(x, (1, 3), (1, 1)), (1, 1, 10**9, 1))
    assert patches.shape == (1, 1, 10**9 - 2, 3)


def test_large_axes_give_the_same_numbers(monkeypatch):
    x = np.random.default_rng(0).normal(size=(2, 7, 8)).astype("float32")

    def results():
        layer = LSTM(2, kernel_initializer="ones", recurrent_initializer="ones")
        return (
            ops.average_pool(x, 3, strides=2, padding="same"),
            ops.adaptive_average_pool(x, 3),
            layer(x),
            ops.extract_sequences(x, 3, 2),
            *ops.stft(x[..., 0], 4, 2, 4),
            ops.image.extract_patches(x[..., None], (2, 2), (1, 1)),
        )

    expected = results()
    monkeypatch.setattr("deepkit.ops._constants._LARGE", 0)
    for new, old in zip(results(), expected):
        np.testing.assert_allclose(new, old, rtol=1e-6)
