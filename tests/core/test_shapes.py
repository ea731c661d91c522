"""Shapes: tuples that also answer the older `as_list()`, and nested ones."""

import collections

import numpy as np
import pytest

from deepkit import errors, tree
from deepkit.core.shapes import Shape, is_shape, standardize_shape
from tests.oracle import keras, oracle


def test_a_shape_is_a_tuple_and_more():
    shape = Shape((None, 8, 3))
    assert shape == (None, 8, 3)
    assert hash(shape) == hash((None, 8, 3))
    assert shape.as_list() == [None, 8, 3]
    assert shape.rank == 3
    for part in (shape[1:], shape + (1,), (1,) + shape, shape + [1]):
        assert isinstance(part, Shape)
    assert shape[1:].as_list() == [8, 3]
    assert (1,) + shape == (1, None, 8, 3)
    assert shape[1] == 8


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((2, None), (2, None)),
        ([2, 3], (2, 3)),
        (4, (4,)),
        ((np.int64(2), 3), (2, 3)),
        ((), ()),
        (iter([1, 2]), (1, 2)),
    ],
)
def test_what_is_a_shape(given, expected):
    shape = standardize_shape(given)
    assert shape == expected
    assert isinstance(shape, Shape)
    assert all(size is None or type(size) is int for size in shape)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        (
            None,
            errors.ArgumentTypeError,
            "`input_shape` to be a tuple of integers .* received None",
        ),
        ("ab", errors.ArgumentTypeError, "received 'ab'"),
        ({1: 2}, errors.ArgumentTypeError, "received {1: 2}"),
        (2.0, errors.ArgumentTypeError, "received 2.0"),
        ((2, 3.5), errors.ArgumentTypeError, r"every size in `input_shape` .* 3.5 in \(2, 3.5\)"),
        ((True,), errors.ArgumentTypeError, "an integer or None, received True"),
        ((2, -1), errors.ArgumentError, r"to be 0 or more, received -1 in \(2, -1\)"),
    ],
)
def test_what_is_none(given, error, text):
    with pytest.raises(error, match=text):
        standardize_shape(given, "input_shape")


def test_telling_shapes_from_structures_of_shapes():
    assert all(is_shape(value) for value in [(), (None, 2), [3], (np.int32(3),)])
    assert not any(is_shape(value) for value in [3, None, ((1,),), (True,), "ab", {"a": 1}, (1.0,)])


Pair = collections.namedtuple("Pair", "x y")
NESTED = [
    *((1, 2), [1, None], None, [(1,), (2, 3)], {"a": [1], "b": (None,)}, [[], [1]]),
    *([None, (1, 2)], Pair((1,), [(2,)]), {"a": {"b": (1,)}}),
]


@pytest.mark.parametrize("structure", NESTED, ids=str)
def test_functions_of_nested_shapes(structure):
    with oracle():
        expected = keras.tree.map_shape_structure(lambda shape: ("shape", shape), structure)
    found = tree.map_shape_structure(lambda shape: ("shape", shape), structure)
    assert repr(found) == repr(expected)


def test_something_else_among_shapes():
    with pytest.raises(errors.ArgumentTypeError, match="nested shapes, received 'x' among them"):
        tree.map_shape_structure(len, [(1, 2), "x"])
