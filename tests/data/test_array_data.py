"""Arrays as batches, their splitting, packing and weighting by class."""

import numpy as np
import pytest

from deepkit.core.errors import ArgumentError, DataError
from deepkit.data import (
    ArrayData,
    class_weight_to_sample_weight,
    make_data,
    pack_x_y_sample_weight,
    train_validation_split,
    unpack_x_y_sample_weight,
)
from tests.oracle import keras, oracle

X = np.arange(20, dtype="float32").reshape(10, 2)
Y = np.arange(10, dtype="int32")


@pytest.mark.parametrize(
    ("batch_size", "sizes", "partial"), [(4, [4, 4, 2], 2), (5, [5, 5], 0), (64, [10], 10)]
)
def test_batches_in_order(batch_size, sizes, partial):
    data = ArrayData(X, Y, batch_size=batch_size)
    batches = list(data.batches())
    assert [len(y) for _, y in batches] == sizes
    assert np.array_equal(np.concatenate([x for x, _ in batches]), X)
    assert (data.num_samples, data.num_batches) == (10, len(sizes))
    assert data.partial_batch_size == partial
    assert np.array_equal(data.peek()[0], X[:batch_size])


@pytest.mark.parametrize(("steps", "batch_size"), [(None, 32), (3, 4), (10, 1), (20, 1)])
def test_batch_size_from_steps(steps, batch_size):
    assert ArrayData(X, steps=steps).batch_size == batch_size


def test_shuffle_keeps_rows_together_and_changes_each_pass():
    data = ArrayData(X, Y, batch_size=3, shuffle=True)
    orders = []
    for _ in range(3):
        x, y = (np.concatenate(part) for part in zip(*data.batches()))
        assert sorted(y) == list(range(10))
        assert np.array_equal(x[:, 0], 2 * y)
        orders.append(tuple(y))
    assert len(set(orders)) > 1


def test_shuffle_follows_the_seed():
    def order():
        np.random.seed(0)
        return np.concatenate([y for _, y in ArrayData(X, Y, shuffle=True).batches()])

    assert np.array_equal(order(), order())


def test_shuffle_inside_batches():
    data = ArrayData(X, Y, batch_size=5, shuffle="batch")
    passes = [np.concatenate([y for _, y in data.batches()]) for _ in range(5)]
    for y in passes:
        assert sorted(y[:5]) == [0, 1, 2, 3, 4]
    assert any(not np.array_equal(y, Y) for y in passes)


def test_flat_arrays_and_back():
    data = ArrayData({"b": X, "a": [Y, None]}, Y, batch_size=4)
    assert len(data.arrays) == 3
    x, y = data.unflatten([array[7:] for array in data.arrays])
    assert x["a"][1] is None
    assert np.array_equal(x["b"], X[7:]) and np.array_equal(y, Y[7:])


def test_x_alone_comes_alone():
    assert np.array_equal(next(ArrayData(X).batches()), X)
    assert isinstance(next(ArrayData([X, X]).batches()), tuple)


def test_weights_without_targets_are_kept():
    _, y, weight = next(ArrayData(X, None, np.ones(10)).batches())
    assert y is None and weight.shape == (10,)


def test_no_samples():
    data = make_data(np.ones((0, 2)), allow_empty=True, steps=3)
    assert list(data.batches()) == [] and data.num_batches == 0
    assert data.peek().shape == (0, 2)


def test_packing_as_keras():
    for arguments in [("x",), ("x", "y"), ("x", "y", "w"), (["x"],), ([1, 2], "y")]:
        with oracle():
            expected = keras.utils.pack_x_y_sample_weight(*arguments)
        packed = pack_x_y_sample_weight(*arguments)
        assert packed == expected
        assert unpack_x_y_sample_weight(packed) == (*arguments, None, None)[:3]
    assert unpack_x_y_sample_weight(["x", "y"]) == ("x", "y", None)


@pytest.mark.parametrize("length", [0, 4])
def test_unpacking_refuses_other_lengths(length):
    with pytest.raises(DataError, match=f"received a tuple of {length}"):
        unpack_x_y_sample_weight((1,) * length)


@pytest.mark.parametrize("fraction", [0.2, 0.25, 0.5, 0.99 / 3])
def test_split_as_keras(fraction):
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split as theirs

    with oracle():
        expected_train, expected_val = theirs(({"a": X}, Y, None), fraction)
    train, val = train_validation_split(({"a": X}, Y, None), fraction)
    assert np.array_equal(train[0]["a"], expected_train[0]["a"][:])
    assert np.array_equal(val[1], expected_val[1][:])
    assert train[2] is None and val[2] is None


@pytest.mark.parametrize(
    ("arrays", "fraction", "error", "message"),
    [
        ((X, Y, None), 1.0, ArgumentError, "between 0 and 1, received 1.0"),
        ((X, Y, None), -0.1, ArgumentError, "between 0 and 1, received -0.1"),
        ((X, Y, None), "0.1", ArgumentError, "between 0 and 1, received '0.1'"),
        ((X, Y, None), True, ArgumentError, "between 0 and 1, received True"),
        ((iter([X]), None, None), 0.1, ArgumentError, "received a list_iterator. Pass `valid"),
        ((X[:1], None, None), 0.1, DataError, "of 1 samples none would be left for training"),
        ((X, None, None), 0.0, DataError, "of 10 samples none would be left for validation"),
        ((X, Y[:3], None), 0.1, DataError, "x has 10, y has 3"),
    ],
)
def test_split_refuses(arrays, fraction, error, message):
    with pytest.raises(error) as info:
        train_validation_split(arrays, fraction)
    assert message in str(info.value)


LABELS = {
    "integers": np.array([0, 2, 1, 2]),
    "column": np.array([[0], [2], [1], [2]]),
    "floats": np.array([0.0, 2.0, 1.0, 2.0]),
    "one-hot": np.eye(3, dtype="float32")[[0, 2, 1, 2]],
    "smoothed": np.eye(3)[[0, 2, 1, 2]] * 0.8 + 0.2 / 3,
}


@pytest.mark.parametrize("kind", LABELS)
def test_class_weight_as_keras(kind):
    from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

    with oracle():
        expected = class_weight_to_sample_weights(LABELS[kind], {0: 3.0, 2: 0.5})
    weights = class_weight_to_sample_weight(LABELS[kind], {0: 3.0, 2: 0.5})
    assert weights.dtype == np.float32 and weights.shape == (4,)
    assert np.array_equal(weights, expected)
    assert np.array_equal(weights, [3.0, 0.5, 1.0, 0.5])


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (None, ArgumentError, "Expected one target `y` to go with `class_weight`, received none"),
        ({"a": Y}, ArgumentError, "Expected one target `y` to go with `class_weight`, received se"),
        (np.ones((10, 2, 2)), DataError, "received the shape (10, 2, 2)"),
        (np.ones((10, 3)), DataError, "received a row that sums to 3 for sample 0"),
    ],
)
def test_class_weight_refuses_targets(y, error, message):
    with pytest.raises(error) as info:
        make_data(X, y, class_weight={0: 1.0})
    assert message in str(info.value)


def test_class_weight_and_sample_weight_exclude_each_other():
    with pytest.raises(ArgumentError, match="either `class_weight` or `sample_weight`, received b"):
        make_data(X, Y, np.ones(10), class_weight={0: 1.0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "Expected `batch_size` to be an integer of at least 1 or None, rec"),
        ({"batch_size": -1}, "received -1"),
        ({"batch_size": 2.5}, "received 2.5"),
        ({"batch_size": 2.0}, "received 2.0"),
        ({"batch_size": True}, "received True"),
        ({"steps": 0}, "Expected `steps` to be an integer of at least 1 or None, received 0"),
        ({"shuffle": "all"}, "Expected `shuffle` to be True, False or 'batch', received 'all'"),
        ({"class_weight": [1, 2]}, "from class to weight such as {0: 1.0, 1: 5.0}, received a li"),
        ({"class_weight": {"a": 1}}, "keys of `class_weight` to be integers, received 'a'"),
        ({"class_weight": {0: -1}}, "class 0 in `class_weight` to be a number of at least 0"),
        ({"class_weight": {0: "x"}}, "class 0 in `class_weight` to be a number of at least 0"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ArgumentError) as info:
        make_data(X, Y, **arguments)
    assert message in str(info.value)


def test_numpy_integers_are_integers():
    assert make_data(X, batch_size=np.int64(3)).batch_size == 3
