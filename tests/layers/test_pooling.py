"""Pooling beyond the contract: masks, 16-bit floats, ties, bad arguments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import errors, layers
from deepkit.tensors import get_mask
from tests.oracle import keras, oracle


def _random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


_MASK = np.array([[True, True, False, False], [True, False, True, True]])


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_masked_steps_do_not_count_in_averages(data_format, keepdims):
    x = _random(2, 4, 4)
    layer = layers.GlobalAveragePooling1D(data_format, keepdims)
    with oracle():
        expected = keras.layers.GlobalAveragePooling1D(data_format, keepdims)(x, mask=_MASK)
    np.testing.assert_allclose(layer(x, mask=_MASK), expected, rtol=1e-6)  # float32 rounding


def test_masks_come_with_the_inputs_and_end_here():
    x = np.array([[[3.0], [5.0], [0.0]]], "float32")
    outputs = layers.GlobalAveragePooling1D()(layers.Masking()(x))
    assert outputs.tolist() == [[4.0]]
    assert get_mask(outputs) is None


def test_the_average_of_no_steps_is_zero_with_a_gradient_of_zero():
    layer = layers.GlobalAveragePooling1D()
    x = jnp.asarray(_random(1, 3, 2))
    mask = jnp.zeros((1, 3), bool)
    assert layer(x, mask=mask).tolist() == [[0.0, 0.0]]
    gradient = jax.grad(lambda x: jnp.sum(layer(x, mask=mask)))(x)
    assert not np.asarray(gradient).any()


def test_what_is_masked_may_be_nan():
    x = _random(2, 4, 3)
    wrong = np.where(_MASK[..., None], x, np.nan)
    layer = layers.GlobalAveragePooling1D()
    np.testing.assert_array_equal(layer(wrong, mask=_MASK), layer(x, mask=_MASK))


@pytest.mark.parametrize("mask", [None, np.ones((1, 8), bool)])
def test_averages_of_large_half_precision_numbers_are_finite(mask):
    layer = layers.GlobalAveragePooling1D(dtype="float16")
    outputs = layer(np.full((1, 8, 1), 60000.0, "float16"), mask=mask)  # the sum is no float16
    assert outputs.dtype == "float16"
    assert outputs.tolist() == [[60000.0]]


@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_whole_numbers_are_pooled_as_in_keras(kind):
    x = np.arange(16, dtype="int32").reshape(1, 4, 4, 1)
    for name, arguments in ((f"{kind}Pooling2D", (2,)), (f"Global{kind}Pooling2D", ())):
        actual = getattr(layers, name)(*arguments)(x)
        with oracle():
            expected = getattr(keras.layers, name)(*arguments)(x)
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)


def test_the_first_of_equal_values_has_the_gradient():
    layer = layers.MaxPooling1D(2)
    gradient = jax.grad(lambda x: jnp.sum(layer(x)))(jnp.ones((1, 4, 1)))
    assert gradient.ravel().tolist() == [1.0, 0.0, 1.0, 0.0]


def test_adaptive_pooling_to_the_same_size_changes_nothing():
    x = _random(1, 3, 4, 2)
    for layer in (layers.AdaptiveMaxPooling2D((3, 4)), layers.AdaptiveAveragePooling2D((3, 4))):
        np.testing.assert_allclose(layer(x), x, rtol=1e-6)  # averages are products with 1


def test_adaptive_pooling_to_one_is_global_pooling():
    x = _random(2, 3, 5, 2)
    for kind in ("Max", "Average"):
        adaptive = getattr(layers, f"Adaptive{kind}Pooling2D")(1)
        whole = getattr(layers, f"Global{kind}Pooling2D")(keepdims=True)
        np.testing.assert_allclose(adaptive(x), whole(x), rtol=1e-5, atol=1e-6)  # order of sums


def test_old_names_are_the_same_classes():
    assert layers.MaxPool2D is layers.MaxPooling2D
    assert layers.AvgPool1D is layers.AveragePooling1D
    assert layers.GlobalMaxPool3D is layers.GlobalMaxPooling3D
    assert layers.GlobalAvgPool2D is layers.GlobalAveragePooling2D


@pytest.mark.parametrize(
    ("layer", "arguments", "message"),
    [
        (layers.MaxPooling2D, {"pool_size": 0}, "`pool_size` .* of at least 1, received 0"),
        (layers.MaxPooling2D, {"pool_size": (2, 2, 2)}, "a tuple of 2 integers"),
        (layers.AveragePooling1D, {"pool_size": 2, "strides": 0}, "`strides` .* received 0"),
        (layers.MaxPooling3D, {"padding": "causal"}, r"one of \('valid', 'same'\)"),
        (layers.AdaptiveMaxPooling2D, {"output_size": (2, None)}, r"received \(2, None\)"),
        (layers.AdaptiveAveragePooling1D, {"output_size": 0}, "`output_size` .* received 0"),
    ],
)
def test_bad_arguments_are_refused(layer, arguments, message):
    with pytest.raises(errors.ArgumentError, match=message):
        layer(**arguments)


def test_the_window_has_to_fit():
    with pytest.raises(errors.ShapeError, match="window of size .* does not fit"):
        layers.MaxPooling2D(3)(np.zeros((1, 2, 2, 1), "float32"))
