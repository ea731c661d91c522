"""Simple layers beyond the contract: randomness, masks, losses, functions, bad arguments."""

import jax
import numpy as np
import pytest

import deepkit
from deepkit import errors, layers, utils
from deepkit.tensors import get_mask, set_mask

X = np.ones((4, 50), "float32")

RANDOM = [
    lambda: layers.Dropout(0.5),
    lambda: layers.AlphaDropout(0.5),
    lambda: layers.GaussianDropout(0.5),
    lambda: layers.GaussianNoise(0.5),
]


@pytest.mark.parametrize("make", RANDOM)
def test_masks_differ_from_call_to_call_and_repeat_under_a_seed(make):
    runs = []
    for _ in range(2):
        utils.set_random_seed(3)
        layer = make()
        runs.append([np.asarray(layer(X, training=True)) for _ in range(2)])
    assert (runs[0][0] != runs[0][1]).any()
    np.testing.assert_array_equal(runs[0], runs[1])


@pytest.mark.parametrize("make", RANDOM)
def test_masks_differ_from_step_to_step_under_jit(make):
    layer = make()
    layer(X)

    @jax.jit
    def step(state):
        return layer.stateless_call([], state, X, training=True)

    state = [v.value for v in layer.non_trainable_variables]
    first, state = step(state)
    second, state = step(state)
    assert (np.asarray(first) != np.asarray(second)).any()
    eager = make()
    eager.set_weights([])
    eager.seed_generator.state.assign(layer.seed_generator.state.value)
    # Fused and single operations round differently.
    np.testing.assert_allclose(eager(X, training=True), first, rtol=1e-6, atol=1e-6)


def test_dropout_keeps_the_mean():
    outputs = np.asarray(layers.Dropout(0.25, seed=1)(np.ones((100, 100)), training=True))
    assert set(np.unique(outputs)) == {0.0, np.float32(1 / 0.75)}
    # The mean of 10,000 draws has a standard deviation of 0.006.
    assert abs(outputs.mean() - 1.0) < 0.03


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(200, 200)).astype("float32")
    outputs = np.asarray(layers.AlphaDropout(0.3, seed=1)(x, training=True))
    assert abs(outputs.mean()) < 0.03
    assert abs(outputs.std() - 1.0) < 0.03


@pytest.mark.parametrize(
    "make, shape, axes",
    [
        (lambda: layers.SpatialDropout1D(0.5, seed=1), (3, 5, 20), (1,)),
        (lambda: layers.SpatialDropout2D(0.5, seed=1), (3, 4, 5, 20), (1, 2)),
        (
            lambda: layers.SpatialDropout2D(0.5, data_format="channels_first", seed=1),
            (3, 20, 4, 5),
            (2, 3),
        ),
        (lambda: layers.SpatialDropout3D(0.5, seed=1), (3, 2, 4, 5, 20), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_maps(make, shape, axes):
    outputs = np.asarray(make()(np.ones(shape), training=True))
    kept = (outputs != 0).mean(axis=axes)
    assert set(np.unique(kept)) == {0.0, 1.0}


def test_masking_marks_steps_and_zeroes_them():
    x = np.array([[[1.0, 5.0], [5.0, 5.0]]], "float32")
    outputs = layers.Masking(mask_value=5.0)(x)
    assert get_mask(outputs).tolist() == [[True, False]]
    np.testing.assert_array_equal(outputs, [[[1.0, 5.0], [0.0, 0.0]]])


def test_masks_pass_layers_that_support_them_and_stop_at_others():
    x = deepkit.ops.ones((1, 2, 3))
    set_mask(x, deepkit.ops.array([[True, False]]))
    assert get_mask(layers.Activation("relu")(x)) is not None
    assert get_mask(layers.Flatten()(x)) is None


def test_softmax_gives_nothing_to_what_is_masked():
    outputs = layers.Softmax()(np.zeros((2, 3)), mask=np.array([[1, 1, 0], [0, 0, 0]], bool))
    np.testing.assert_allclose(outputs, [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])


def test_lambda_passes_on_what_its_function_takes():
    def scale(x, factor, training=None):
        return x * factor if training else x

    layer = layers.Lambda(scale, arguments={"factor": 3.0})
    assert float(layer(X)[0, 0]) == 1.0
    assert float(layer(X, training=True)[0, 0]) == 3.0


def test_lambda_as_bytecode_is_refused():
    entry = layers.serialize(layers.Lambda(lambda x: x + 1))
    with pytest.raises(errors.UnsafeFileError, match="safe_mode=False"):
        layers.deserialize(entry)
    old = {"name": "l", "function": ["4wEA", None, None], "function_type": "lambda"}
    with pytest.raises(errors.UnsafeFileError, match="older"):
        layers.Lambda.from_config(old)
    loaded = deepkit.saving.deserialize_keras_object(entry, safe_mode=False)
    assert float(loaded(X)[0, 0]) == 2.0


def test_rescaling_to_each_channel():
    outputs = layers.Rescaling([1.0, 2.0], offset=[0.0, 1.0])(np.array([[1, 2]], "uint8"))
    np.testing.assert_array_equal(outputs, [[1.0, 5.0]])


def test_deserializing_something_else_says_so():
    with pytest.raises(errors.SerializationError, match="received that of a Zeros"):
        layers.deserialize(deepkit.initializers.serialize(deepkit.initializers.Zeros()))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Dropout(1.5), "Expected `rate` .* from 0 to 1, received 1.5"),
        (lambda: layers.GaussianNoise(-1), "Expected `stddev` .* received -1"),
        (lambda: layers.Dense(0), "Expected `units` of the layer 'dense.*' .* received 0"),
        (lambda: layers.Dense(2.5), "received 2.5"),
        (lambda: layers.Reshape((-1, -1)), "of which one may be -1"),
        (lambda: layers.Permute((1, 3)), "each of 1 to 2 once"),
        (lambda: layers.RepeatVector(0), "Expected `n`"),
        (lambda: layers.ReLU(max_value=-1), "Expected `max_value` .* received -1"),
        (lambda: layers.LeakyReLU(None), "Expected `negative_slope`"),
        (lambda: layers.Dot(0), "none of them 0, received 0"),
        (lambda: layers.Add()(X), r"expects a list of tensors, .* Call it as `layer\(\[a, b\]\)`"),
        (lambda: layers.Subtract()([X, X, X]), "expects two tensors, received 3"),
        (lambda: layers.Lambda.from_config({}), "Expected `function`"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(errors.ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.Add()([X, X[:2]]), "one batch size"),
        (lambda: layers.Add()([X, X[:, :3]]), "combined element by element"),
        (lambda: layers.Concatenate()([X, X[:2]]), "same sizes on all axes but -1"),
        (lambda: layers.Dot(1)([X, X[:, :3]]), "one size along the axes"),
        (lambda: layers.Permute((2, 1))(X), "expects an input of rank 3"),
    ],
)
def test_bad_shapes(make, message):
    with pytest.raises(errors.ShapeError, match=message):
        make()


def test_wrong_types():
    with pytest.raises(errors.ArgumentTypeError, match="Expected `function`"):
        layers.Lambda(3)
    with pytest.raises(errors.ArgumentTypeError, match="Expected `layer`"):
        layers.Wrapper(3)


def test_merging_functions_are_the_layers():
    a, b = X, 2 * X
    for name, expected in {"add": 3, "multiply": 2, "average": 1.5, "maximum": 2}.items():
        assert float(getattr(layers, name)([a, b])[0, 0]) == expected
    assert float(layers.subtract([a, b])[0, 0]) == -1
    assert float(layers.minimum([a, b])[0, 0]) == 1
    assert layers.concatenate([a, b], axis=0).shape == (8, 50)
    assert layers.dot([a, b], axes=1).shape == (4, 1)
