"""Nested structures: lists, tuples, named tuples and dicts of anything else."""

import collections
from collections.abc import Callable, Iterable
from typing import Any

from deepkit.core.errors import ArgumentError


class MAP_TO_NONE:
    """Returned by a function of `traverse` to put `None` in that place."""


def is_namedtuple(value: Any) -> bool:
    """Whether a value is an instance of a named tuple."""
    return isinstance(value, tuple) and hasattr(value, "_fields")


def is_nested(structure: Any) -> bool:
    """Whether a value is a list, tuple or dict."""
    return isinstance(structure, list | tuple | dict)


def _items(structure: Any) -> list[tuple[Any, Any]]:
    """Keys and children; dicts in the order of their sorted keys, ordered dicts as they are."""
    if isinstance(structure, dict):
        if isinstance(structure, collections.OrderedDict):
            return list(structure.items())
        try:
            keys = sorted(structure)
        except TypeError:
            keys = list(structure)
        return [(key, structure[key]) for key in keys]
    return list(enumerate(structure))


def _rebuild(structure: Any, children: Iterable[Any]) -> Any:
    """A structure of the same kind and keys with other children, in the order of `_items`."""
    children = list(children)
    if isinstance(structure, dict):
        by_key = dict(zip([key for key, _ in _items(structure)], children))
        ordered = [(key, by_key[key]) for key in structure]
        if isinstance(structure, collections.defaultdict):
            return type(structure)(structure.default_factory, ordered)
        return type(structure)(ordered)
    if is_namedtuple(structure):
        return type(structure)(*children)
    if type(structure) in (list, tuple):
        return type(structure)(children)
    return list(children) if isinstance(structure, list) else tuple(children)


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
    for _, child in _items(structure):
        leaves.extend(flatten(child))
    return leaves


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves of a structure with the keys and indices that lead to each."""
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, child in _items(structure)
        for path, leaf in flatten_with_path(child)
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
    if not structures:
        raise ArgumentError("Expected at least one structure to map over, received none.")
    first = structures[0]
    for other in structures[1:]:
        _assert_same(first, other, ())
    return _map(func, structures, none_is_leaf)


def _map(func: Callable[..., Any], structures: tuple[Any, ...], none_is_leaf: bool) -> Any:
    first = structures[0]
    if not is_nested(first):
        if first is None and not none_is_leaf:
            return None
        return func(*structures)
    children = zip(*([child for _, child in _items(s)] for s in structures))
    return _rebuild(first, (_map(func, child, none_is_leaf) for child in children))


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` to what stands where `shallow_structure` has its leaves."""
    if not is_nested(shallow_structure):
        return func(*structures)
    keys = [key for key, _ in _items(shallow_structure)]
    for structure in structures:
        if not is_nested(structure) or len(structure) != len(keys):
            raise ArgumentError(
                f"Expected a structure that begins like {shallow_structure!r}, "
                f"received {structure!r}."
            )
    return _rebuild(
        shallow_structure,
        (
            map_structure_up_to(shallow_structure[key], func, *(s[key] for s in structures))
            for key in keys
        ),
    )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `func` to each shape (a tuple or list of integers and `None`s) in a structure."""
    if isinstance(structure, list | tuple) and all(
        size is None or isinstance(size, int) for size in structure
    ):
        return func(tuple(structure))
    if not is_nested(structure):
        raise ArgumentError(f"Expected nested shapes, received {structure!r}.")
    return _rebuild(structure, (map_shape_structure(func, child) for _, child in _items(structure)))


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
    if top_down:
        replaced = func(structure)
        if replaced is not None:
            return None if replaced is MAP_TO_NONE else replaced
        if not is_nested(structure):
            return structure
        return _rebuild(structure, (traverse(func, child) for _, child in _items(structure)))
    walked = structure
    if is_nested(structure):
        walked = _rebuild(
            structure, (traverse(func, child, False) for _, child in _items(structure))
        )
    replaced = func(walked)
    if replaced is None:
        return walked
    return None if replaced is MAP_TO_NONE else replaced


def lists_to_tuples(structure: Any) -> Any:
    """The same structure with a tuple for every list."""
    if not is_nested(structure):
        return structure
    children = [lists_to_tuples(child) for _, child in _items(structure)]
    return tuple(children) if type(structure) is list else _rebuild(structure, children)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise if two structures have different forms (kinds of containers, lengths, keys).

    Raises:
        ArgumentError: names where they part.
    """
    _assert_same(a, b, ())


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise if the paths to the leaves of two structures differ; kinds of containers may."""
    paths_a = [path for path, _ in flatten_with_path(a)]
    paths_b = [path for path, _ in flatten_with_path(b)]
    if paths_a != paths_b:
        raise ArgumentError(
            f"Expected structures with the same paths, received {paths_a} and {paths_b}."
        )


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "dict"
    if is_namedtuple(value) or not is_nested(value):
        return type(value).__name__ if is_nested(value) else "leaf"
    return "list" if isinstance(value, list) else "tuple"


def _assert_same(a: Any, b: Any, path: tuple[Any, ...]) -> None:
    place = f"at {'/'.join(map(str, path))}" if path else "at the top"
    if _kind(a) != _kind(b):
        raise ArgumentError(
            f"Expected structures of the same form, received a {_kind(a)} and a {_kind(b)} {place}."
        )
    if not is_nested(a):
        return
    items_a, items_b = _items(a), _items(b)
    keys_a, keys_b = [key for key, _ in items_a], [key for key, _ in items_b]
    if keys_a != keys_b:
        raise ArgumentError(
            f"Expected structures of the same form, received the keys {keys_a} and {keys_b} "
            f"{place}."
        )
    for (key, child_a), (_, child_b) in zip(items_a, items_b):
        _assert_same(child_a, child_b, (*path, key))
