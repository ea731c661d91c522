"""Convolutions beyond the contract: what they see, how they belong together, bad arguments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import errors, layers
from tests.layers.rows.convolution import ROWS


def _random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def _close(actual, expected):
    # Sums of some ten products in float32, in another order.
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_causal_outputs_do_not_see_later_inputs():
    layer = layers.Conv1D(3, 3, padding="causal", dilation_rate=2)
    x = _random(1, 8, 2)
    later = x.copy()
    later[:, 5:] += 1.0
    before, after = layer(x), layer(later)
    assert before.shape == (1, 8, 3)
    _close(before[:, :5], after[:, :5])
    assert np.abs(np.asarray(before - after))[:, 5:].min() > 0


def test_groups_do_not_see_each_other():
    layer = layers.Conv2D(6, 2, groups=2)
    x = _random(1, 3, 3, 4)
    other = x.copy()
    other[..., 2:] += 1.0
    before, after = layer(x), layer(other)
    assert layer.kernel.shape == (2, 2, 2, 6)
    _close(before[..., :3], after[..., :3])
    assert np.abs(np.asarray(before - after))[..., 3:].max() > 0


def test_a_kernel_of_one_place_is_a_dense_layer():
    x = _random(2, 3, 4, 5)
    conv, dense = layers.Conv2D(3, 1, activation="tanh"), layers.Dense(3, activation="tanh")
    outputs = conv(x)
    dense.build(x.shape)
    dense.set_weights([conv.kernel.numpy()[0, 0], conv.bias.numpy()])
    _close(outputs, dense(x))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_transposed_convolution_is_the_adjoint(padding):
    conv = layers.Conv2D(3, 3, strides=2, padding=padding, use_bias=False)
    back = layers.Conv2DTranspose(2, 3, strides=2, padding=padding, use_bias=False)
    x = _random(1, *(7, 7) if padding == "valid" else (6, 6), 2)
    y = conv(x)
    weights = _random(*y.shape)
    back.build(y.shape)
    back.set_weights(conv.get_weights())
    _close(jnp.vdot(y, weights), jnp.vdot(x, back(weights)))


def test_a_separable_convolution_is_a_depthwise_one_then_a_mix_of_channels():
    x = _random(2, 4, 4, 3)
    layer = layers.SeparableConv2D(5, 2, depth_multiplier=2)
    outputs = layer(x)
    first = layers.DepthwiseConv2D(2, depth_multiplier=2, use_bias=False)
    second = layers.Conv2D(5, 1)
    depthwise, *rest = layer.get_weights()
    first.build(x.shape)
    first.set_weights([depthwise])
    middle = first(x)
    second.build(middle.shape)
    second.set_weights(rest)
    _close(outputs, second(middle))


def test_subclasses_may_use_the_kernel_in_another_form():
    class Standardized(layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, kernel - jnp.mean(kernel))

    layer = Standardized(2, 3, padding="same", use_bias=False)
    outputs = layer(np.ones((1, 5, 5, 1), "float32"))
    np.testing.assert_allclose(jnp.sum(outputs[0, 2, 2]), 0.0, atol=1e-6)  # float32 rounding


def test_whole_numbers_are_cast_to_the_kernel_s_dtype():
    layer = layers.Conv2D(2, 2)
    x = np.random.default_rng(0).integers(0, 255, (1, 4, 4, 3)).astype("uint8")
    _close(layer(x), layer(x.astype("float32")))


def test_works_under_vmap_and_in_scan():
    layer = layers.Conv2D(2, 2, padding="same")
    x = _random(3, 2, 4, 4, 2)
    expected = jnp.stack([layer(batch) for batch in x])
    _close(jax.vmap(layer)(x), expected)
    _close(
        jax.jit(lambda x: jax.lax.scan(lambda _, batch: (None, layer(batch)), None, x)[1])(x),
        expected,
    )


def test_weights_are_penalized():
    layer = layers.SeparableConv1D(2, 2, depthwise_regularizer="l2", pointwise_regularizer="l1")
    layer(_random(1, 4, 3))
    depthwise, pointwise, _ = layer.get_weights()
    expected = 0.01 * np.sum(depthwise**2), 0.01 * np.sum(np.abs(pointwise))
    _close(layer.losses, expected)


def test_outputs_are_penalized():
    layer = layers.DepthwiseConv1D(2, activity_regularizer="l2")
    outputs = layer(_random(1, 4, 3))
    _close(layer.losses, [0.01 * np.sum(np.asarray(outputs) ** 2)])


@pytest.mark.parametrize(
    ("row", "leftovers"),
    [
        ("DepthwiseConv2D", {"filters": None, "groups": 1, "kernel_initializer": "zeros"}),
        ("SeparableConv2D", {"groups": 1, "kernel_regularizer": None, "kernel_constraint": None}),
        ("Conv2DTranspose", {"groups": 1}),
    ],
)
def test_configs_of_keras_2_are_read(row, leftovers):
    layer = next(r for r in ROWS if r.name == row).make(layers)
    config = layer.get_config()
    assert type(layer).from_config({**config, **leftovers}).get_config() == config
    with pytest.raises(errors.ArgumentTypeError, match="groups"):
        type(layer).from_config({**config, "groups": 2})


_IMAGES = (1, 5, 5, 4)

_BAD_ARGUMENTS = [
    (layers.Conv2D, {"filters": 0}, "`filters` .* to be an integer of at least 1, received 0"),
    (layers.Conv2D, {"groups": 0}, "`groups` .* to be an integer of at least 1, received 0"),
    (layers.Conv2D, {"filters": 3, "groups": 2}, "multiple of `groups`, received filters=3"),
    (layers.Conv2D, {"kernel_size": (3, 0)}, r"`kernel_size` .* received \(3, 0\)"),
    (layers.Conv2D, {"kernel_size": (3, 3, 3)}, "a tuple of 2 integers of at least 1"),
    (layers.Conv2D, {"strides": 0}, "`strides` .* received 0"),
    (layers.Conv2D, {"dilation_rate": 1.5}, "`dilation_rate` .* received 1.5"),
    (layers.Conv2D, {"padding": "causal"}, r"one of \('valid', 'same'\), received 'causal'"),
    (layers.Conv1D, {"padding": "full"}, r"one of \('valid', 'same', 'causal'\)"),
    (layers.Conv2D, {"strides": 2, "dilation_rate": 2}, "`strides` or `dilation_rate` .* to be 1"),
    (layers.Conv2DTranspose, {"filters": -1}, "`filters` .* received -1"),
    (layers.Conv2DTranspose, {"strides": 2, "dilation_rate": (1, 2)}, r"dilation_rate=\(1, 2\)"),
    (layers.Conv2DTranspose, {"strides": 2, "output_padding": 2}, "less than `strides` along each"),
    (layers.Conv2DTranspose, {"output_padding": -1}, "of at least 0, received -1"),
    (layers.DepthwiseConv2D, {"depth_multiplier": 0}, "`depth_multiplier` .* received 0"),
    (layers.SeparableConv1D, {"depth_multiplier": 0}, "`depth_multiplier` .* received 0"),
    (layers.SeparableConv1D, {"filters": None}, "`filters` .* received None"),
]


@pytest.mark.parametrize(("layer", "arguments", "message"), _BAD_ARGUMENTS)
def test_bad_arguments_are_refused(layer, arguments, message):
    good = (
        {"kernel_size": 3} if layer is layers.DepthwiseConv2D else {"filters": 4, "kernel_size": 3}
    )
    with pytest.raises(errors.ArgumentError, match=message):
        layer(**{**good, **arguments})


def test_channels_have_to_fit_the_groups():
    with pytest.raises(
        errors.ShapeError, match=r"its 3 groups divide, received shape \(1, 5, 5, 4\)"
    ):
        layers.Conv2D(3, 2, groups=3)(np.zeros(_IMAGES, "float32"))


def test_channels_have_to_be_known_and_to_stay():
    with pytest.raises(
        errors.ShapeError, match="rank 4 with a known number of channels on axis -1"
    ):
        layers.Conv2D(3, 2).build((None, 5, 5, None))
    layer = layers.Conv2D(3, 2)
    layer(np.zeros(_IMAGES, "float32"))
    with pytest.raises(errors.ShapeError, match="with size 4 on axis -1, received shape"):
        layer(np.zeros((1, 5, 5, 3), "float32"))


def test_the_window_has_to_fit():
    with pytest.raises(errors.ShapeError, match="does not fit into inputs of shape") as info:
        layers.Conv2D(3, 6, name="wide")(np.zeros(_IMAGES, "float32"))
    assert "the call of layer 'wide' (Conv2D)" in info.value.__notes__[0]
