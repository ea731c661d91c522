"""Embedding, EinsumDense and attention beyond what the contract shows: masks and bad arguments."""

import jax
import numpy as np
import pytest

from deepkit import errors, layers
from deepkit.tensors import get_mask
from tests.oracle import keras, oracle


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _twins(name, inputs, **kwargs):
    """The same layer of deepkit and of Keras, with equal weights."""
    ours = getattr(layers, name)(**kwargs)
    ours(*inputs)
    with oracle():
        theirs = getattr(keras.layers, name)(**kwargs)
        theirs(*inputs)
        theirs.set_weights(ours.get_weights())
    return ours, theirs


MASK = np.array([[True, True, True, False, False], [True] * 5])


def test_embedding_masks_zeros_and_the_mask_reaches_the_next_layer():
    embedding = layers.Embedding(5, 3, mask_zero=True)
    outputs = embedding(np.array([[1, 0], [2, 3]]))
    assert get_mask(outputs).tolist() == [[True, False], [True, True]]
    assert get_mask(layers.Dropout(0.5)(outputs)).tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize("index", [5, -1])
def test_embedding_names_the_index_that_is_out_of_range(index):
    with pytest.raises(errors.DataError, match=rf"0 to 4, but its input holds {index} at \[1, 0\]"):
        layers.Embedding(5, 3)(np.array([[1, 0], [index, 3]]))


def test_embedding_takes_first_vectors():
    vectors = _random(4, 2)
    np.testing.assert_array_equal(layers.Embedding(4, 2, weights=[vectors])(np.arange(4)), vectors)
    with pytest.raises(errors.WeightMismatchError, match=r"shape \(4, 3\), received \(4, 2\)"):
        layers.Embedding(4, 3, weights=vectors)


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
@pytest.mark.parametrize("causal", [False, True])
def test_masks_of_query_and_value(name, causal):
    inputs = [_random(2, 5, 4), _random(2, 5, 4, seed=1)]
    ours, theirs = _twins(name, [inputs])
    query_mask = MASK[:, ::-1].copy()
    masks = [query_mask, MASK]
    kwargs = {"use_causal_mask": causal, "return_attention_scores": True}
    with oracle():
        expected = theirs(inputs, mask=masks, **kwargs)
    actual = ours(inputs, mask=masks, **kwargs)
    for a, e in zip(actual, expected):
        np.testing.assert_allclose(a, e, atol=1e-6)  # float32 rounding of sums of 5 terms
    assert not np.asarray(actual[0])[~query_mask].any()


@pytest.mark.parametrize("scores", [False, True])
def test_masks_of_all_kinds_meet(scores):
    query, value = _random(2, 5, 4), _random(2, 5, 4, seed=1)
    kwargs = {"num_heads": 2, "key_dim": 3}
    ours, theirs = _twins("MultiHeadAttention", [query, value], **kwargs)
    allowed = np.random.default_rng(2).random((2, 5, 5)) < 0.7
    allowed[:, :, 0] = True
    masks = {
        "value_mask": MASK,
        "attention_mask": allowed,
        "use_causal_mask": True,
        "return_attention_scores": scores,
    }
    with oracle():
        expected = theirs(query, value, **masks)
    actual = ours(query, value, **masks)
    for a, e in zip(jax.tree.leaves(actual), jax.tree.leaves(expected)):
        np.testing.assert_allclose(a, e, atol=2e-6)  # float32 rounding of two products


def test_padding_behind_a_mask_changes_nothing():
    """What a mask hides can be anything: the outputs stay."""
    layer = layers.MultiHeadAttention(2, 3)
    x = _random(1, 4, 6)
    short = layer(x, x)
    padded = np.concatenate([x, 100 * np.ones((1, 2, 6), "float32")], axis=1)
    mask = np.array([[True] * 4 + [False] * 2])
    long = layer(x, padded, value_mask=mask)
    np.testing.assert_allclose(long, short, atol=1e-6)  # float32 rounding


def test_one_key_head_for_each_query_head_is_multi_head_attention():
    x = _random(2, 5, 8)
    group = layers.GroupQueryAttention(head_dim=3, num_query_heads=2, num_key_value_heads=2)
    multi = layers.MultiHeadAttention(num_heads=2, key_dim=3)
    group(x, x), multi(x, x)
    multi.set_weights(group.get_weights())
    np.testing.assert_allclose(group(x, x), multi(x, x), atol=1e-6)  # float32 rounding


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.MultiHeadAttention(0, 3), "Expected `num_heads` .* at least 1, received 0"),
        (lambda: layers.MultiHeadAttention(2, 1.5), "Expected `key_dim` .* received 1.5"),
        (
            lambda: layers.MultiHeadAttention(2, 3, attention_axes="a"),
            "Expected `attention_axes` .* received 'a'",
        ),
        (
            lambda: layers.MultiHeadAttention(2, 3, dropout=0.1, flash_attention=True),
            "Expected no dropout .* received dropout=0.1",
        ),
        (
            lambda: layers.GroupQueryAttention(3, 3, 2),
            "to be a multiple of `num_key_value_heads`, received 3 and 2",
        ),
        (lambda: layers.Attention(score_mode="sum"), "Expected `score_mode` .* received 'sum'"),
        (lambda: layers.EinsumDense("ab->c", 3), "Expected `equation` .* received 'ab->c'"),
        (lambda: layers.EinsumDense("ab,bc->ad", 3), "received 'd' besides"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(errors.ArgumentError, match=message):
        make()


def test_bad_inputs():
    x = np.ones((2, 3, 4), "float32")
    with pytest.raises(errors.ArgumentError, match=r"expects \[query, value\]"):
        layers.Attention()(x)
    with pytest.raises(errors.ShapeError, match="keys and values of one length"):
        layers.MultiHeadAttention(2, 3)(x, x, key=x[:, :2])
    with pytest.raises(errors.ShapeError, match="expects the size 5 along 'b'"):
        layers.EinsumDense("abc,cd->abd", (5, 2))(x)
    with pytest.raises(errors.ArgumentError, match="Expected `bias_axes` .* received 'z'"):
        layers.EinsumDense("ab,bc->ac", 2, bias_axes="z")(x[0])
