"""Initializers: the values of Keras for the same seed, and what the formulas promise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import initializers
from deepkit.random import SeedGenerator
from tests.oracle import keras, oracle

KERNEL, CONVOLUTION = (6, 4), (3, 2, 4)
RANDOM = [
    ("GlorotNormal", {}),
    ("GlorotUniform", {}),
    ("HeNormal", {}),
    ("HeUniform", {}),
    ("LecunNormal", {}),
    ("LecunUniform", {}),
    ("Orthogonal", {"gain": 1.5}),
    ("RandomNormal", {"mean": 0.3, "stddev": 0.2}),
    ("RandomUniform", {"minval": -0.1, "maxval": 0.3}),
    ("TruncatedNormal", {"mean": 0.3, "stddev": 0.2}),
    ("VarianceScaling", {}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"distribution": "normal"}),
    ("VarianceScaling", {"input_axes": [1], "output_axes": [0, -1]}),
]
FIXED = [("Zeros", {}), ("Ones", {}), ("Constant", {"value": 2.5}), ("Identity", {"gain": 3.0})]


def both(name, options):
    with oracle():
        theirs = getattr(keras.initializers, name)(**options)
    return getattr(initializers, name)(**options), theirs


@pytest.mark.parametrize("shape", [KERNEL, CONVOLUTION], ids=["kernel", "convolution"])
@pytest.mark.parametrize(("name", "options"), RANDOM)
def test_an_integer_seed_gives_the_values_of_keras(name, options, shape):
    ours, theirs = both(name, {**options, "seed": 7})
    with oracle():
        expected = theirs(shape)
    # Equal draws; Orthogonal's decomposition may be ordered otherwise in float32.
    atol = 1e-6 if name == "Orthogonal" else 0
    np.testing.assert_allclose(ours(shape), expected, rtol=0, atol=atol)


@pytest.mark.parametrize(("name", "options"), RANDOM)
def test_an_instance_is_a_function_of_shape_and_dtype(name, options):
    make = getattr(initializers, name)
    unseeded, other = make(**options), make(**options)
    np.testing.assert_array_equal(unseeded(KERNEL), unseeded(KERNEL))
    assert (unseeded(KERNEL) != other(KERNEL)).any()
    assert (unseeded.clone()(KERNEL) != unseeded(KERNEL)).any()
    seeded = make(**options, seed=np.int64(3))
    np.testing.assert_array_equal(seeded(KERNEL), seeded.clone()(KERNEL))


@pytest.mark.parametrize(("name", "options"), RANDOM)
def test_a_generator_gives_new_values_in_every_call(name, options):
    ours, theirs = both(name, options)
    with oracle():
        theirs = type(theirs)(**options, seed=keras.random.SeedGenerator(3))
        expected = [theirs(KERNEL), theirs(KERNEL)]
    ours = type(ours)(**options, seed=SeedGenerator(3))
    for values in expected:
        np.testing.assert_allclose(ours(KERNEL), values, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), FIXED)
@pytest.mark.parametrize("dtype", [None, "float16", "int32", "bool"])
def test_fixed_values(name, options, dtype):
    ours, theirs = both(name, options)
    with oracle():
        expected = theirs((3, 2), dtype=dtype)
    actual = ours((3, 2), dtype=dtype)
    assert actual.dtype == (dtype or "float32")
    np.testing.assert_array_equal(np.asarray(actual), np.asarray(expected).astype(actual.dtype))


@pytest.mark.parametrize("dtype", ["bfloat16"])
@pytest.mark.parametrize(("name", "options"), RANDOM)
def test_half_precision_in_jit(name, options, dtype):
    make = getattr(initializers, name)(**options, seed=1)
    values = jax.jit(lambda: make(KERNEL, dtype))()
    assert values.dtype == dtype
    assert values.shape == KERNEL
    assert np.isfinite(values.astype("float32")).all()
    assert len(np.unique(values.astype("float32"))) > 6


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("GlorotNormal", 2 / 300),
        ("GlorotUniform", 2 / 300),
        ("HeNormal", 2 / 100),
        ("HeUniform", 2 / 100),
        ("LecunNormal", 1 / 100),
        ("LecunUniform", 1 / 100),
    ],
)
def test_the_variance_follows_from_the_fans(name, variance):
    values = np.asarray(getattr(initializers, name)(seed=1)((100, 200)))
    # 20,000 entries: the variance is known to √(2/20000) = 1%, the mean to σ/141.
    assert values.var() == pytest.approx(variance, rel=0.04)
    assert abs(values.mean()) < 4 * np.sqrt(variance) / 141


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (2, 3, 4)])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_orthogonal_matrices_are_orthogonal(shape, dtype):
    q = initializers.Orthogonal(gain=2.0, seed=5)(shape, dtype).astype("float32") / 2
    q = np.asarray(q).reshape(-1, shape[-1])
    gram = q @ q.T if q.shape[0] < q.shape[1] else q.T @ q
    # A dot product of at most 6 entries below 1, each rounded to its dtype.
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=6 * jnp.finfo(dtype).eps)


STFT = [
    {},
    {"side": "imag"},
    {"window": "hamming", "scaling": "spectrum", "periodic": True},
    {"window": None},
    {"window": [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.25], "scaling": None},
]


@pytest.mark.parametrize("options", STFT)
def test_stft_kernels(options):
    ours, theirs = both("STFT", options)
    with oracle():
        expected = theirs((8, 1, 9))
    # Keras computes angles up to 2π · 4 in float32, which leaves errors of 25 · 6e-8.
    np.testing.assert_allclose(ours((8, 1, 9)), expected, atol=4e-6)


def test_stft_of_a_frame_is_its_fourier_transform():
    frame = np.random.default_rng(0).normal(size=16)
    sides = [initializers.STFT(side, window=None)((16, 1, 9)) for side in ("real", "imag")]
    real, imaginary = (np.einsum("t,tik->k", frame, side) for side in sides)
    np.testing.assert_allclose(real + 1j * imaginary, np.fft.rfft(frame), atol=1e-5)


def test_stft_with_one_bin_sums_the_frame():
    assert initializers.STFT(window=None)((3, 1, 1)).ravel().tolist() == [1.0, 1.0, 1.0]


def test_constant_arrays():
    table = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(initializers.Constant(table)((2, 3)), table)
    np.testing.assert_array_equal(initializers.Constant([0.5, 1.5])((2,)), [0.5, 1.5])
    np.testing.assert_array_equal(initializers.Constant([0.5])((2, 2)), np.full((2, 2), 0.5))
    with pytest.raises(deepkit.errors.ShapeError, match=r"shape \(3, 2\).* one of shape \(2, 3\)"):
        initializers.Constant(table)((3, 2))


def test_weights_with_unknown_sizes_have_no_values():
    with pytest.raises(deepkit.errors.ShapeError, match=r"all known, received \(None, 2\)"):
        initializers.RandomNormal()((None, 2))


def test_shapes_that_do_not_fit():
    with pytest.raises(deepkit.errors.ShapeError, match=r"rank 2 for an identity .* \(2, 2, 2\)"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(deepkit.errors.ShapeError, match=r"rank 2 or more .* received \(3,\)"):
        initializers.Orthogonal()((3,))
    for shape in ((4, 3), (4, 2, 3)):
        with pytest.raises(deepkit.errors.ShapeError, match=r"\(frame_length, 1, bins\), received"):
            initializers.STFT()(shape)
    with pytest.raises(deepkit.errors.ShapeError, match=r"window of shape \(4,\).* \(2,\)"):
        initializers.STFT(window=[1.0, 2.0])((4, 1, 3))
    axes = initializers.GlorotNormal(input_axes=[0], output_axes=[3])
    with pytest.raises(deepkit.errors.ShapeError, match=r"axes of the weight's shape \(2, 2\)"):
        axes((2, 2))


def test_arguments_that_do_not_fit():
    wrong = [
        ("VarianceScaling", {"scale": 0.0}, "`scale` to be a number above 0, received 0.0"),
        ("VarianceScaling", {"mode": "fan"}, r"`mode` to be one of \('fan_in'.*received 'fan'"),
        ("VarianceScaling", {"distribution": "cauchy"}, "`distribution` to be .* 'cauchy'"),
        ("HeNormal", {"input_axes": [0]}, r"both of .* input_axes=\[0\], output_axes=None"),
        ("RandomNormal", {"mean": "0"}, "`mean` to be a number, received '0'"),
        ("RandomUniform", {"maxval": [1.0]}, r"`maxval` to be a number, received \[1.0\]"),
        ("Identity", {"gain": True}, "`gain` to be a number, received True"),
        ("Constant", {"value": "one"}, "number or an array of numbers, received 'one'"),
        ("STFT", {"side": "left"}, "`side` to be 'real' or 'imag', received 'left'"),
        ("STFT", {"scaling": "l2"}, "'spectrum' or None, received 'l2'"),
        ("STFT", {"window": "hanning2"}, "to name a window .* received 'hanning2'"),
    ]
    for name, options, message in wrong:
        with pytest.raises(deepkit.errors.ArgumentError, match=message):
            getattr(initializers, name)(**options)


@pytest.mark.parametrize("seed", ["3", 1.5, True])
def test_seeds_of_another_type(seed):
    with pytest.raises(deepkit.errors.ArgumentTypeError, match=r"`seed` of GlorotNormal .*integer"):
        initializers.GlorotNormal(seed=seed)


def test_numbers_may_be_arrays_of_one_number():
    initializer = initializers.RandomNormal(mean=jnp.asarray(0.5), stddev=np.float32(0.25), seed=1)
    assert initializer.get_config() == {"seed": 1, "mean": 0.5, "stddev": 0.25}


def test_the_base_class_wants_a_call_method():
    class Forgotten(initializers.Initializer):
        pass

    with pytest.raises(TypeError, match=r"abstract class Forgotten .*__call__"):
        Forgotten()
