"""Functions of `ops.nn` against their definitions, where Keras is wrong, loose or absent."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit import config, ops
from deepkit.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from tests.oracle import keras, oracle

RNG = np.random.default_rng(0)


def normal(*shape):
    return jnp.asarray(RNG.normal(size=shape), "float32")


@pytest.mark.parametrize("axis", [0, -1])
def test_sparsemax_is_the_nearest_point_of_the_simplex(axis):
    x = 3 * normal(4, 5)
    p = np.moveaxis(np.asarray(ops.sparsemax(x, axis)), axis, -1)
    z = np.moveaxis(np.asarray(x), axis, -1)
    assert (p == 0).any()
    # Sums of five numbers of size one.
    np.testing.assert_allclose(p.sum(-1), 1.0, atol=1e-6)
    # Optimality: the gap z - p is the same on the support and no larger elsewhere.
    tau = (z - p).max(-1, keepdims=True)
    np.testing.assert_allclose(
        np.where(p > 0, z - p, tau), np.broadcast_to(tau, p.shape), atol=1e-6
    )


def all_alignments(log_p, labels, blank=0):
    """The probability of a label sequence by brute force."""
    total = 0.0
    steps, classes = log_p.shape
    for path in itertools.product(range(classes), repeat=steps):
        merged = [c for i, c in enumerate(path) if c != blank and (i == 0 or c != path[i - 1])]
        if merged == list(labels):
            total += np.exp(sum(log_p[i, c] for i, c in enumerate(path)))
    return total


@pytest.mark.parametrize("labels", [[], [1], [2, 1], [1, 1], [1, 2, 1]])
def test_ctc_loss_sums_over_all_alignments(labels):
    logits = normal(1, 5, 3)
    log_p = np.asarray(jax.nn.log_softmax(logits))[0]
    target = np.zeros((1, 4), "int32")
    target[0, : len(labels)] = labels
    for steps in (4, 5):
        loss = ops.ctc_loss(target, logits, [len(labels)], [steps])
        expected = -np.log(all_alignments(log_p[:steps], labels))
        # float32 logarithms of sums of up to 243 terms.
        np.testing.assert_allclose(loss, [expected], rtol=1e-5)


def test_ctc_loss_of_the_impossible_is_large_and_has_a_finite_gradient():
    def loss(logits):
        return ops.ctc_loss([[1, 1]], logits, [2], [2])[0]

    value, slope = jax.value_and_grad(loss)(normal(1, 2, 3))
    assert value > 1e4
    assert jnp.isfinite(slope).all()


def test_ctc_loss_with_another_blank():
    logits = normal(1, 4, 3)
    moved = logits[:, :, [2, 0, 1]]
    np.testing.assert_allclose(
        ops.ctc_loss([[0, 1]], logits, [2], [4], mask_index=2),
        ops.ctc_loss([[1, 2]], moved, [2], [4]),
        rtol=1e-6,
    )


def test_ctc_beam_search_finds_the_likeliest_sequences():
    logits = 2 * normal(2, 4, 3)
    lengths = [4, 3]
    paths, scores = ops.ctc_decode(
        logits, lengths, strategy="beam_search", beam_width=40, top_paths=5
    )
    assert paths.shape == (5, 2, 4)
    assert scores.shape == (2, 5)
    for sample, steps in enumerate(lengths):
        log_p = np.asarray(jax.nn.log_softmax(logits[sample]))[:steps]
        found = {}
        for count in range(steps + 1):
            for labels in itertools.product((1, 2), repeat=count):
                found[labels] = all_alignments(log_p, labels)
        best = sorted(found, key=found.get, reverse=True)[:5]
        actual = [tuple(int(c) for c in path if c >= 0) for path in np.asarray(paths[:, sample])]
        assert actual == best
        # A beam wider than there are sequences loses none.
        np.testing.assert_allclose(
            np.exp(scores[sample]), [found[labels] for labels in best], rtol=1e-5
        )


@pytest.mark.parametrize("beam_width", [3, 20])
def test_ctc_beam_search_is_that_of_keras(beam_width):
    logits = 3 * normal(3, 9, 6)
    lengths = jnp.asarray([9, 7, 5])
    options = {"strategy": "beam_search", "beam_width": beam_width, "top_paths": 2, "mask_index": 5}
    with oracle():
        expected = keras.ops.ctc_decode(logits, lengths, **options)
    paths, scores = ops.ctc_decode(logits, lengths, **options)
    np.testing.assert_array_equal(paths, expected[0])
    np.testing.assert_allclose(scores, expected[1], rtol=1e-5)


def test_ctc_decode_takes_the_last_class_for_the_blank_of_none():
    logits = normal(1, 6, 4)
    explicit, implicit = (ops.ctc_decode(logits, [6], mask_index=i)[0] for i in (3, None))
    np.testing.assert_array_equal(explicit, implicit)


def test_attention_with_a_soft_cap():
    query, key, value = normal(1, 2, 1, 4), normal(1, 3, 1, 4), normal(1, 3, 1, 4)
    scores = 0.8 * np.tanh(np.asarray(query[0, :, 0] @ key[0, :, 0].T) / 2 / 0.8)
    expected = jax.nn.softmax(jnp.asarray(scores)) @ value[0, :, 0]
    actual = ops.dot_product_attention(query, key, value, attn_logits_soft_cap=0.8)
    np.testing.assert_allclose(actual[0, :, 0], expected, rtol=1e-5, atol=1e-6)


def test_attention_that_sees_nothing_is_finite():
    x = normal(1, 3, 2, 4)
    mask = jnp.zeros((1, 1, 3, 3), bool)
    result = ops.dot_product_attention(x, x, x, mask=mask)
    np.testing.assert_allclose(
        result, jnp.broadcast_to(x.mean(1, keepdims=True), x.shape), atol=1e-6
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "name", ["layer_normalization", "rms_normalization", "normalize", "moments"]
)
def test_half_precision_is_computed_in_float32(name, dtype):
    x = (300 + 20 * normal(3, 64)).astype(dtype)
    arguments = ((1,),) if name == "moments" else ()
    actual = jax.tree.leaves(getattr(ops, name)(x, *arguments))
    expected = jax.tree.leaves(getattr(ops, name)(x.astype("float32"), *arguments))
    for a, e in zip(actual, expected, strict=True):
        assert a.dtype == dtype
        # One rounding, at the end.
        np.testing.assert_allclose(
            a.astype("float32"), e, rtol={"float16": 2**-11, "bfloat16": 2**-8}[dtype]
        )


def test_moments_of_half_precision_do_not_overflow():
    _, variance = ops.moments(jnp.asarray([-60000.0, 60000.0], "float16"), [0])
    assert variance == jnp.finfo("float16").max


def test_normalize_has_no_slope_of_nan_at_zero():
    slope = jax.grad(lambda x: ops.normalize(x).sum())(jnp.zeros((1, 3)))
    np.testing.assert_allclose(slope, np.full((1, 3), 1 / config.epsilon()), rtol=1e-5)


def test_rms_scaling_of_layer_normalization_is_deprecated():
    x = normal(2, 4)
    with oracle():
        expected = keras.ops.layer_normalization(x, rms_scaling=True)
    with pytest.warns(UserWarning, match="`rms_scaling=True` is deprecated"):
        actual = ops.layer_normalization(x, rms_scaling=True)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_softmax_over_one_entry_warns():
    with pytest.warns(UserWarning, match="so it always returns 1"):
        ops.softmax(normal(3, 1))


def test_cross_entropy_of_classes_elsewhere():
    logits = normal(2, 5, 3)
    target = jnp.asarray([[0, 4, 2], [1, 1, 3]])
    expected = ops.sparse_categorical_crossentropy(target, jnp.moveaxis(logits, 1, -1), True)
    actual = ops.sparse_categorical_crossentropy(target, logits, True, axis=1)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_fold_is_unfold_transposed():
    options = {"kernel_size": (2, 3), "dilation": (2, 1), "padding": (1, 0), "stride": (1, 2)}
    x = normal(2, 3, 6, 7)
    patches = ops.unfold(x, **options)
    y = normal(*patches.shape)
    back = ops.fold(y, (6, 7), **options)
    np.testing.assert_allclose(jnp.vdot(patches, y), jnp.vdot(x, back), rtol=1e-4, atol=1e-3)


def test_depth_and_space_are_inverse():
    x = normal(2, 4, 6, 8)
    for data_format in ("channels_last", "channels_first"):
        there = ops.depth_to_space(x, 2, data_format)
        np.testing.assert_array_equal(ops.space_to_depth(there, 2, data_format), x)


def test_sparse_encodings_are_the_dense_ones():
    numbers = jnp.asarray([[0, 2], [3, -1]])
    for encode in (ops.one_hot, ops.multi_hot):
        sparse = encode(numbers, 4, sparse=True)
        np.testing.assert_array_equal(sparse.todense(), encode(numbers, 4))


def test_multi_hot_knows_the_older_name():
    np.testing.assert_array_equal(ops.multi_hot([1], num_tokens=3), ops.multi_hot([1], 3))


@pytest.mark.parametrize(
    ("error", "call", "message"),
    [
        (ShapeError, lambda x: ops.glu(x), "`glu` halves an axis of even size, received axis -1"),
        (ShapeError, lambda x: ops.binary_crossentropy(x, x[:1]), "of the same shape, received"),
        (
            ShapeError,
            lambda x: ops.categorical_crossentropy(x, x[0]),
            "of the same shape, received",
        ),
        (
            ShapeError,
            lambda x: ops.sparse_categorical_crossentropy([1], x),
            r"Expected a `target` of shape \(2,\)",
        ),
        (
            ShapeError,
            lambda x: ops.categorical_crossentropy(1.0, 1.0),
            "with an axis of classes, received a scalar",
        ),
        (
            ShapeError,
            lambda x: ops.batch_normalization(x, x[0], x[0, :2], -1),
            "Expected `variance` to be a vector of 3",
        ),
        (
            ArgumentTypeError,
            lambda x: ops.layer_normalization(x, center=True),
            "does not know the argument 'center'",
        ),
        (ArgumentError, lambda x: ops.normalize(x, order=0), "Expected `order` to be an integer"),
        (
            ShapeError,
            lambda x: ops.ctc_loss([[1]], x, [1], [1]),
            r"Expected `target` \(batch, labels\)",
        ),
        (
            ArgumentError,
            lambda x: ops.ctc_decode(x[None], [2], strategy="best"),
            "Expected `strategy` to be 'greedy' or 'beam_search', received 'best'",
        ),
        (
            ArgumentError,
            lambda x: ops.ctc_decode(x[None], [2], "beam_search", beam_width=2, top_paths=3),
            "Expected 1 <= top_paths <= beam_width",
        ),
        (
            ShapeError,
            lambda x: ops.dot_product_attention(x, x, x),
            r"of shape \(batch, places, heads, depth\)",
        ),
        (
            ShapeError,
            lambda x: ops.dot_product_attention(*[jnp.ones((1, 2, n, 4)) for n in (3, 2, 2)]),
            "which divide the heads of the query",
        ),
        (
            ArgumentError,
            lambda x: ops.dot_product_attention(
                *[x[None, None]] * 3, flash_attention=True, attn_logits_soft_cap=1.0
            ),
            "does not go together with `attn_logits_soft_cap`",
        ),
        (ArgumentError, lambda x: ops.multi_hot([1]), "`multi_hot` needs `num_classes`"),
        (ArgumentTypeError, lambda x: ops.multi_hot([1], 2, tokens=3), "the argument 'tokens'"),
        (ShapeError, lambda x: ops.psnr(x, x[0], 1.0), "Expected two signals of the same shape"),
        (ShapeError, lambda x: ops.unfold(x, 2), "`unfold` expects images"),
        (ShapeError, lambda x: ops.unfold(x[None, None], 4), "Patches of size"),
        (ShapeError, lambda x: ops.fold(x[None], 4, 1), "Expected patches of shape"),
        (ShapeError, lambda x: ops.depth_to_space(x, 2), "`depth_to_space` expects images"),
        (ShapeError, lambda x: ops.depth_to_space(x[None, None], 2), "channels that 2² divides"),
        (ShapeError, lambda x: ops.space_to_depth(x[None, None], 2), "that 2 divides"),
    ],
)
def test_errors(error, call, message):
    with pytest.raises(error, match=message):
        call(jnp.ones((2, 3)))
