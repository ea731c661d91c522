"""Lists, tuples and dicts of what users give for the outputs of a model."""

from collections.abc import Iterator
from typing import Any

from deepkit.core import tree

Path = tuple[Any, ...]


def is_container(value: Any) -> bool:
    """Whether a value is a list, tuple or dict, and not the config of an object."""
    if isinstance(value, dict):
        return not {"class_name", "config"} <= set(value)
    return isinstance(value, list | tuple)


def single_values(structure: Any) -> list[Any]:
    """What lists, tuples and dicts hold in the end; a config is one value."""
    if not is_container(structure):
        return [structure]
    children = structure.values() if isinstance(structure, dict) else structure
    return [value for child in children for value in single_values(child)]


def follow(structure: Any, path: Path) -> Any:
    """The part of a structure that a path leads to."""
    for key in path:
        structure = structure[key]
    return structure


def in_written_order(form: Any, paths: list[Path]) -> bool:
    """Whether the keys of all dicts stand in the order of `paths`."""

    def written(part: Any) -> Iterator[Path]:
        if not tree.is_nested(part):
            yield ()
            return
        for key, child in part.items() if isinstance(part, dict) else enumerate(part):
            yield from ((key, *rest) for rest in written(child))

    return list(written(form)) == paths


class Word:
    """Stands in a structure for what messages should show there."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def place_name(argument: str, path: Path) -> str:
    """`"y['a'][1]"`: how messages name a part of an argument."""
    return argument + "".join(f"[{key!r}]" for key in path)


def show(structure: Any) -> str:
    """A structure for messages: shapes in the place of arrays, names in that of functions."""

    def word(leaf: Any) -> Any:
        if isinstance(leaf, str | int | float | None):
            return leaf
        if hasattr(leaf, "shape"):
            return Word(f"array{tuple(leaf.shape)}")
        return Word(getattr(leaf, "__name__", type(leaf).__name__))

    return repr(tree.map_structure(word, structure))
