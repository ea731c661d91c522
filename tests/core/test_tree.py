"""Functions of nested structures, beside Keras's own over odd ones."""

import collections
import itertools

import pytest

from deepkit import errors, tree
from tests.oracle import keras, oracle

Pair = collections.namedtuple("Pair", "x y")
Ordered, Default = collections.OrderedDict, collections.defaultdict
STRUCTURES = [
    *(1, None, "text", [], (), {}, [1], [[1, 2], (3, [])], [None, (None,)], {"a": (), "b": []}),
    *({"b": 2, "a": [1, {"z": 1, "c": None}]}, {2: 1, 1: 0}, {"a": 1, 1: 2, (2,): 3}),
    *(Ordered(b=1, a=2), Default(list, {"b": [1], "a": 2}), Pair(1, [2, 3]), [Pair({"k": 1}, 0)]),
    *({True: 1, "x": 2}, {1.5: 2, 1: 3}, {"a": 1, "b": 2}, Ordered(a=1, b=2), (1, 2), [1, 2]),
]
KERAS = keras.tree


def outcome(function, *args, **kwargs):
    """What is returned, as text: that shows kinds of containers and the order of keys."""
    try:
        return repr(function(*args, **kwargs))
    except ValueError:
        return "ValueError"


def compare(name, *args, **kwargs):
    with oracle():
        theirs = outcome(getattr(KERAS, name), *args, **kwargs)
    assert outcome(getattr(tree, name), *args, **kwargs) == theirs, args


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_functions_of_one_structure(structure):
    for name in ("flatten", "flatten_with_path", "is_nested", "lists_to_tuples"):
        compare(name, structure)
    for none_is_leaf in (True, False):
        compare("map_structure", lambda leaf: (leaf, 1), structure, none_is_leaf=none_is_leaf)
    count = len(tree.flatten(structure))
    for given in {count, count + 1, max(count - 1, 0)}:
        compare("pack_sequence_as", structure, range(given))


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_traversal(structure, top_down):
    for replace in (
        lambda part: None,
        lambda part: "list" if isinstance(part, list) else None,
        lambda part: part + 1 if isinstance(part, int) else None,
    ):
        compare("traverse", replace, structure, top_down)
    with oracle():
        theirs = KERAS.traverse(
            lambda part: KERAS.MAP_TO_NONE if part == 1 else None, structure, top_down
        )
    ours = tree.traverse(lambda part: tree.MAP_TO_NONE if part == 1 else None, structure, top_down)
    assert repr(ours) == repr(theirs)


def test_functions_of_two_structures():
    """Also where they fit or not; that keys in another order fit is told by `test_kinds_differ`."""
    for a, b in itertools.product(STRUCTURES, repeat=2):
        compare("assert_same_structure", a, b)
        compare("assert_same_paths", a, b)
        compare("map_structure", lambda x, y: (x, y), a, b)
        if None not in tree.flatten(a):  # Keras maps over no shallow structure with a None in it.
            compare("map_structure_up_to", a, lambda y: (y, 1), b)


def test_functions_of_no_structure():
    with pytest.raises(errors.ArgumentError, match="at least one structure to map over"):
        tree.map_structure(len)
    with pytest.raises(errors.ArgumentError, match="at least one structure to map over"):
        tree.map_structure_up_to([1], len)


def test_subclasses_become_plain():
    class List(list):
        pass

    class Dict(dict):
        def __init__(self, owner, items):
            super().__init__(items)

    mapped = tree.map_structure(lambda x: x + 1, List([1, Dict("owner", {"a": 1})]))
    assert mapped == [2, {"a": 2}]
    assert type(mapped) is list
    assert type(mapped[1]) is dict
    counted = tree.map_structure(lambda x: 10 * x, collections.Counter("aab"))
    assert counted == {"a": 20, "b": 10}
    assert tree.lists_to_tuples(List([1])) == (1,)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: tree.assert_same_structure([1, {"a": 2}], [1, {"a": [2]}]),
            "leaf and a list at 1/a",
        ),
        (lambda: tree.assert_same_structure({"a": 1}, {"b": 1}), r"the keys \['a'\] and the keys"),
        (lambda: tree.assert_same_structure((1,), (1, 2)), "1 values and 2 values at the top"),
        (lambda: tree.assert_same_structure((1, 2), Pair(1, 2)), "a tuple and a Pair at the top"),
        (
            lambda: tree.assert_same_paths([1, 2], [1]),
            r"\[\(1,\)\] are in the first alone and \[\]",
        ),
        (
            lambda: tree.map_structure_up_to([1], len, [1, 2]),
            r"begins like \[1\], received \[1, 2\]",
        ),
        (lambda: tree.pack_sequence_as([0, 0], [1]), r"2 values for the structure .* received 1"),
    ],
)
def test_errors_say_where(call, text):
    with pytest.raises(errors.ArgumentError, match=text):
        call()


def test_a_shallow_structure_may_hold_none():
    assert tree.map_structure_up_to([None, 0], len, [[1], [1, 2]]) == [1, 2]
