"""Normalization beyond the contract: moving statistics, masks, adapting, bad arguments."""

import jax
import numpy as np
import pytest

from deepkit import errors, layers
from tests.oracle import keras, oracle


def _random(*shape):
    return np.random.default_rng(0).normal(2.0, 3.0, size=shape).astype("float32")


def test_batches_move_the_statistics_towards_those_of_the_data():
    layer = layers.BatchNormalization(momentum=0.5)
    x = _random(64, 3)
    for _ in range(20):
        layer(x, training=True)
    np.testing.assert_allclose(layer.moving_mean, x.mean(axis=0), rtol=1e-4)  # 0.5**20 is left
    np.testing.assert_allclose(layer.moving_variance, x.var(axis=0), rtol=1e-4)
    outputs = np.asarray(layer(x))
    np.testing.assert_allclose(outputs.mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose(outputs.std(axis=0), 1.0, atol=1e-3)


def test_a_frozen_layer_uses_and_keeps_its_statistics():
    layer = layers.BatchNormalization()
    layer(_random(4, 3))
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_array_equal(layer(_random(4, 3), training=True), layer(_random(4, 3)))
    for a, b in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_masked_steps_do_not_count():
    x = _random(2, 4, 3)
    mask = np.array([[True, True, False, False], [True] * 4])
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True, mask=mask)
    np.testing.assert_allclose(layer.moving_mean, x[mask].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, x[mask].var(axis=0), rtol=1e-4)


def test_statistics_pass_through_jit_and_scan():
    layer = layers.BatchNormalization(momentum=0.9)
    x = _random(5, 8, 3)
    layer(x[0])
    frozen = [v.value for v in layer.non_trainable_variables]
    trainable = [v.value for v in layer.trainable_variables]

    @jax.jit
    def run(frozen):
        def step(frozen, batch):
            _, frozen = layer.stateless_call(trainable, frozen, batch, training=True)
            return frozen, None

        return jax.lax.scan(step, frozen, x)[0]

    scanned = run(frozen)
    for batch in x:
        layer(batch, training=True)
    for ours, eager in zip(scanned, layer.non_trainable_variables):
        np.testing.assert_allclose(ours, eager, rtol=1e-6)  # float32 rounding


@pytest.mark.parametrize("axis", [-1, None, 1, (1, 2)])
def test_adapting_to_arrays_and_to_batches_learns_the_moments(axis):
    x = _random(10, 4, 3)
    whole, batched = layers.Normalization(axis=axis), layers.Normalization(axis=axis)
    whole.adapt(x)
    batched.adapt([x[:4], x[4:]])
    with oracle():
        twin = keras.layers.Normalization(axis=axis)
        twin.adapt(x)
        expected = np.asarray(twin(x))
    np.testing.assert_allclose(whole(x), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(batched(x), expected, rtol=1e-5, atol=1e-6)
    inverse = layers.Normalization(axis=axis, invert=True)
    inverse.adapt(x)
    np.testing.assert_allclose(inverse(whole(x)), x, rtol=1e-4, atol=1e-5)


def test_bad_arguments():
    x = _random(4, 6)
    cases = [
        (lambda: layers.BatchNormalization(axis=3)(x), "Expected `axis` .* received 3"),
        (
            lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"rmid": 1.0}),
            r"Expected the keys of `renorm_clipping` .* received \['rmid'\]",
        ),
        (lambda: layers.GroupNormalization(groups=4)(x), "to divide the 6 channels"),
        (lambda: layers.Normalization(mean=1.0), "both `mean` and `variance`"),
        (
            lambda: layers.Normalization(mean=np.ones((2, 2)), variance=np.ones((2, 2))),
            "with at most 1 axes",
        ),
        (lambda: layers.Normalization(axis=2)(x), "from -2 to 1, received"),
        (
            lambda: layers.LayerNormalization.from_config({"rms_scaling": True}),
            "Use `RMSNormalization`",
        ),
    ]
    for make, message in cases:
        with pytest.raises(errors.ArgumentError, match=message):
            make()
    with pytest.raises(errors.ArgumentTypeError, match=r"Expected `axis` .* received 'a'"):
        layers.UnitNormalization(axis="a")
    with pytest.raises(errors.ShapeError, match="one axis less"):
        layers.BatchNormalization()(x, mask=np.ones((4, 6), bool))
    with pytest.raises(errors.DataError, match="received none"):
        layers.Normalization().adapt([])
    layer = layers.Normalization()
    layer.adapt(x)
    with pytest.raises(errors.ShapeError, match=r"the sizes \(6,\)"):
        layer.adapt(x[:, :2])
    with pytest.raises(errors.ShapeError, match="Expected known sizes"):
        layers.Normalization().build((None, None))
