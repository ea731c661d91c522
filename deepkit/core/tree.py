"""Nested structures: lists, tuples, named tuples and dicts of anything else."""

import collections
from collections.abc import Callable, Iterable
from typing import Any

from deepkit.core.errors import ArgumentError


class MAP_TO_NONE:
    """Returned by a function of `traverse` to put `None` in that place."""


def is_nested(structure: Any) -> bool:
    """Whether a value is a list, tuple or dict."""
    return isinstance(structure, list | tuple | dict)


def _is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _keys(structure: Any) -> list[Any]:
    """Keys or indices in order: sorted for dicts, as they are for ordered dicts."""
    if not isinstance(structure, dict):
        return list(range(len(structure)))
    if isinstance(structure, collections.OrderedDict):
        return list(structure)
    try:
        return sorted(structure)
    except TypeError:
        return sorted(structure, key=lambda key: (type(key).__name__, repr(key)))


def _rebuild(structure: Any, children: Iterable[Any]) -> Any:
    """A structure of the same kind and keys with other children, in the order of `_keys`.

    How subclasses of lists, tuples and dicts are made is not known, so they become plain ones.
    """
    if _is_namedtuple(structure):
        return type(structure)(*children)
    if not isinstance(structure, dict):
        return list(children) if isinstance(structure, list) else tuple(children)
    by_key = dict(zip(_keys(structure), children))
    pairs = [(key, by_key[key]) for key in structure]
    if isinstance(structure, collections.defaultdict):
        return collections.defaultdict(structure.default_factory, pairs)
    return (collections.OrderedDict if type(structure) is collections.OrderedDict else dict)(pairs)


def map_children(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `func` to what a list, tuple or dict holds directly."""
    return _rebuild(structure, [func(structure[key]) for key in _keys(structure)])


def flatten(structure: Any) -> list[Any]:
    """The leaves of a structure, in order; a leaf alone is a list of one.

    Example:
        >>> from deepkit import tree
        >>> tree.flatten({"b": [2, 3], "a": 1})
        [1, 2, 3]
    """
    if not is_nested(structure):
        return [structure]
    leaves: list[Any] = []
    for key in _keys(structure):
        leaves.extend(flatten(structure[key]))
    return leaves


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves of a structure with the keys and indices that lead to each."""
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key in _keys(structure)
        for path, leaf in flatten_with_path(structure[key])
    ]


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply `func` to the leaves of structures of one form.

    Args:
        func: takes one leaf of each structure.
        *structures: nested values of the same form.
        none_is_leaf: whether `func` also gets `None`s; otherwise they stay.

    Raises:
        ArgumentError: no structure is given, or two have different forms.
    """
    first = _first(structures)
    for other in structures[1:]:
        assert_same_structure(first, other)
    return _map(func, structures, none_is_leaf)


def _first(structures: tuple[Any, ...]) -> Any:
    if not structures:
        raise ArgumentError("Expected at least one structure to map over, received none.")
    return structures[0]


def _map(func: Callable[..., Any], structures: tuple[Any, ...], none_is_leaf: bool) -> Any:
    first = structures[0]
    if not is_nested(first):
        return None if first is None and not none_is_leaf else func(*structures)
    return _rebuild(
        first,
        [_map(func, tuple(s[key] for s in structures), none_is_leaf) for key in _keys(first)],
    )


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` to what stands where `shallow_structure` has its leaves.

    Raises:
        ArgumentError: no structure is given, or one does not begin like `shallow_structure`.

    Example:
        >>> from deepkit import tree
        >>> tree.map_structure_up_to({"a": 0, "b": 0}, len, {"a": [1, 2], "b": []})
        {'a': 2, 'b': 0}
    """
    _first(structures)
    if not is_nested(shallow_structure):
        return func(*structures)
    keys = _keys(shallow_structure)
    for structure in structures:
        if _kind(structure) != _kind(shallow_structure) or set(_keys(structure)) != set(keys):
            raise ArgumentError(
                f"Expected a structure that begins like {shallow_structure!r}, "
                f"received {structure!r}."
            )
    return _rebuild(
        shallow_structure,
        [
            map_structure_up_to(shallow_structure[key], func, *(s[key] for s in structures))
            for key in keys
        ],
    )


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Put the values of a flat sequence into the form of `structure`.

    Raises:
        ArgumentError: the number of values is not the number of leaves.
    """
    flat = list(flat_sequence)
    wanted = len(flatten(structure))
    if wanted != len(flat):
        raise ArgumentError(
            f"Expected {wanted} values for the structure {structure!r}, received {len(flat)}."
        )
    values = iter(flat)
    return _map(lambda _: next(values), (structure,), True)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Replace parts of a structure: where `func` returns `None` the part stays and is descended.

    Args:
        func: takes a substructure; returns `None` (keep), a replacement, or `MAP_TO_NONE`.
        structure: what to walk through.
        top_down: whether a parent is offered before its children.
    """

    def descend(part: Any) -> Any:
        if not is_nested(part):
            return part
        return map_children(lambda child: traverse(func, child, top_down), part)

    part = structure if top_down else descend(structure)
    replaced = func(part)
    if replaced is None:
        return descend(part) if top_down else part
    return None if replaced is MAP_TO_NONE else replaced


def lists_to_tuples(structure: Any) -> Any:
    """The same structure with a tuple for every list."""
    return traverse(
        lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False
    )


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise if two structures have different forms (kinds of containers, lengths, keys).

    Args:
        a: a structure.
        b: another one.
        check_types: has no effect, as in Keras.

    Raises:
        ArgumentError: names where they part.
    """
    _assert_same(a, b, ())


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise if the paths to the leaves of two structures differ; kinds of containers may.

    Raises:
        ArgumentError: names the paths that are in one structure alone.
    """
    paths_a, paths_b = ([path for path, _ in flatten_with_path(s)] for s in (a, b))
    if set(paths_a) != set(paths_b):
        raise ArgumentError(
            f"Expected structures with the same paths, but {_without(paths_a, paths_b)} are in "
            f"the first alone and {_without(paths_b, paths_a)} in the second alone."
        )


def _without(paths: list[Any], others: list[Any]) -> list[Any]:
    return [path for path in paths if path not in others]


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "dict"
    if _is_namedtuple(value):
        return type(value).__name__
    if isinstance(value, list):
        return "list"
    return "tuple" if isinstance(value, tuple) else "leaf"


def _assert_same(a: Any, b: Any, path: tuple[Any, ...]) -> None:
    place = f"at {'/'.join(map(str, path))}" if path else "at the top"
    if _kind(a) != _kind(b):
        raise ArgumentError(
            f"Expected structures of the same form, received a {_kind(a)} and a {_kind(b)} {place}."
        )
    if not is_nested(a):
        return
    keys_a, keys_b = _keys(a), _keys(b)
    if len(keys_a) != len(keys_b) or set(keys_a) != set(keys_b):
        raise ArgumentError(
            f"Expected structures of the same form, received {_contents(a)} and {_contents(b)} "
            f"{place}."
        )
    for key in keys_a:
        _assert_same(a[key], b[key], (*path, key))


def _contents(structure: Any) -> str:
    keys = _keys(structure)
    return f"the keys {keys}" if isinstance(structure, dict) else f"{len(keys)} values"
