"""One-hot rows, padding and normalizing, beside Keras's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.core.errors import ArgumentError, DataError
from deepkit.data import normalize, pad_sequences, to_categorical
from tests.oracle import keras, oracle

LABELS = [[0, 2, 1], [[0], [2]], [[0, 1], [2, 2]], [True, False], [1.0, 0.0], 2]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("num_classes", [None, 4])
def test_to_categorical_as_keras(labels, num_classes):
    with oracle():
        expected = keras.utils.to_categorical(labels, num_classes)
    rows = to_categorical(labels, num_classes)
    assert rows.dtype == np.float32 and np.array_equal(rows, expected)


def test_to_categorical_of_jax_arrays():
    labels = jnp.array([[1], [300]], "int32")
    rows = to_categorical(labels)
    assert isinstance(rows, jax.Array) and rows.shape == (2, 301)
    compiled = jax.jit(lambda x: to_categorical(x, 301))(labels)
    assert np.array_equal(rows, compiled)
    assert rows[1, 300] == 1 and rows.sum() == 2


def test_to_categorical_of_small_integers_with_many_classes():
    rows = to_categorical(np.array([1], "uint8"), 300)
    assert rows.sum() == 1


@pytest.mark.parametrize(
    ("x", "num_classes", "error", "message"),
    [
        ([0, -1], 3, DataError, "integers from 0 to 2 as class numbers, received -1 at [1]"),
        ([[0, 1], [3, 0]], 3, DataError, "from 0 to 2 as class numbers, received 3 at [1, 0]"),
        ([0.5], None, DataError, "received 0.5 at [0]"),
        ([float("nan")], 2, DataError, "received nan at [0]"),
        (["a"], None, DataError, "Expected class numbers, received an array of dtype <U1"),
        ([0], 0, ArgumentError, "Expected `num_classes` to be at least 1, received 0"),
        ([0], True, ArgumentError, "Expected `num_classes` to be at least 1, received True"),
    ],
)
def test_to_categorical_refuses(x, num_classes, error, message):
    with pytest.raises(error) as info:
        to_categorical(x, num_classes)
    assert message in str(info.value)


def test_to_categorical_needs_a_number_when_compiled():
    with pytest.raises(ArgumentError, match="Expected `num_classes` inside of a compiled function"):
        jax.jit(to_categorical)(jnp.array([1]))


SEQUENCES = [
    [[1], [2, 3], [4, 5, 6]],
    [[], [1.5, 2.5]],
    [np.array([[1, 2], [3, 4]]), np.array([[5, 6]])],
    ([1, 2, 3],),
]


@pytest.mark.parametrize("sequences", SEQUENCES)
@pytest.mark.parametrize("maxlen", [None, 2, 5])
@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_pad_sequences_as_keras(sequences, maxlen, padding, truncating):
    options = {"maxlen": maxlen, "padding": padding, "truncating": truncating, "value": -1}
    with oracle():
        expected = keras.utils.pad_sequences(sequences, **options)
    padded = pad_sequences(sequences, **options)
    assert padded.dtype == expected.dtype and np.array_equal(padded, expected)


def test_pad_sequences_of_words():
    padded = pad_sequences([["a"], ["b", "c"]], dtype=object, value="")
    assert padded.tolist() == [["", "a"], ["b", "c"]]


def test_pad_sequences_to_nothing():
    assert pad_sequences([[1, 2], [3]], maxlen=0).shape == (2, 0)
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences(iter([[1], [2, 3]])).tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("sequences", "options", "error", "message"),
    [
        (
            [[1]],
            {"padding": "left"},
            ArgumentError,
            "Expected `padding` to be 'pre' or 'post', rec",
        ),
        ([[1]], {"truncating": "x"}, ArgumentError, "Expected `truncating` to be 'pre' or 'post'"),
        ([[1]], {"maxlen": -1}, ArgumentError, "Expected `maxlen` to be at least 0, received -1"),
        (
            [[1]],
            {"value": "x"},
            ArgumentError,
            "a number as `value` with dtype int32, received a s",
        ),
        (3, {}, DataError, "Expected a list of sequences, received a int."),
        ([[1], 3], {}, DataError, "Expected a list of sequences, received a int at 1"),
        ([[[1, 2]], [[1]]], {}, DataError, "to have the shape (2,), received (1,) in sequence 1"),
    ],
)
def test_pad_sequences_refuses(sequences, options, error, message):
    with pytest.raises(error) as info:
        pad_sequences(sequences, **options)
    assert message in str(info.value)


@pytest.mark.parametrize("order", [1, 2, np.inf])
@pytest.mark.parametrize("axis", [-1, 1])
def test_normalize_as_keras(order, axis):
    x = np.array([[3.0, 4.0], [0.0, 0.0], [-1.0, 2.0]])
    with oracle():
        expected = keras.utils.normalize(x, axis, order)
    assert np.array_equal(normalize(x, axis, order), expected)
    found = normalize(jnp.asarray(x, "float32"), axis, order)
    assert isinstance(found, jax.Array)
    np.testing.assert_allclose(found, expected, rtol=1e-6)  # float32


def test_normalize_along_the_first_axis():
    x = np.array([[3.0, 0.0], [4.0, 2.0], [0.0, 0.0]])
    assert np.array_equal(normalize(x, 0), [[0.6, 0.0], [0.8, 1.0], [0.0, 0.0]])


def test_normalize_of_integers():
    assert normalize([[3, 4]]).tolist() == [[np.float32(0.6), np.float32(0.8)]]
    assert normalize(jnp.array([[3, 4]])).dtype == jnp.float32


@pytest.mark.parametrize("axis", [2, -3, None])
def test_normalize_needs_an_axis(axis):
    with pytest.raises(ArgumentError, match="Expected `axis` to be one of 2 axes, received"):
        normalize(np.ones((2, 2)), axis)
