"""Shapes: tuples of sizes, with `None` where a size is not known."""

from collections.abc import Callable, Iterable
from typing import Any

from deepkit.core import tree
from deepkit.core.errors import ArgumentError, ArgumentTypeError


class Shape(tuple):
    """A shape: a plain tuple that also answers `as_list()` and `rank`.

    Example:
        >>> from deepkit.core.shapes import Shape
        >>> Shape((None, 8)).as_list()
        [None, 8]
    """

    __slots__ = ()

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self)

    def as_list(self) -> list[int | None]:
        """The sizes as a list."""
        return list(self)

    def __getitem__(self, key: Any) -> Any:
        picked = super().__getitem__(key)
        return Shape(picked) if isinstance(key, slice) else picked

    def __add__(self, other: Any) -> "Shape":
        return Shape(super().__add__(tuple(other)))

    def __radd__(self, other: Any) -> "Shape":
        return Shape(tuple(other) + tuple(self))


def standardize_shape(shape: Any, argument: str = "shape") -> Shape:
    """A `Shape` from a tuple, list or other iterable of sizes; an integer is a shape of rank 1.

    Raises:
        ArgumentTypeError: `shape` is no iterable of integers and `None`s.
        ArgumentError: a size is negative.
    """
    if isinstance(shape, int) and not isinstance(shape, bool):
        shape = (shape,)
    if isinstance(shape, str | bytes | dict) or not isinstance(shape, Iterable):
        raise ArgumentTypeError(
            f"Expected `{argument}` to be a tuple of integers (None where unknown), "
            f"received {shape!r}."
        )
    return Shape(_size(size, shape, argument) for size in shape)


def _size(size: Any, shape: Any, argument: str) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool | str) or not hasattr(size, "__index__"):
        raise ArgumentTypeError(
            f"Expected every size in `{argument}` to be an integer or None, "
            f"received {size!r} in {shape!r}."
        )
    size = int(size)
    if size < 0:
        raise ArgumentError(
            f"Expected every size in `{argument}` to be 0 or more, received {size} in {shape!r}."
        )
    return size


def is_shape(value: Any) -> bool:
    """Whether a value is a tuple or list of sizes and not a structure of shapes."""
    return isinstance(value, tuple | list) and all(
        size is None or (hasattr(size, "__index__") and not isinstance(size, bool))
        for size in value
    )


def map_shapes(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `func` to each shape in nested lists, tuples and dicts of shapes.

    Args:
        func: takes a shape (a tuple or list of integers and `None`s), or the `None` that stands for
            a whole shape.
        structure: nested shapes.

    Raises:
        ArgumentTypeError: something else is among the shapes.
    """
    if structure is None or is_shape(structure):
        return func(structure)
    if not tree.is_nested(structure):
        raise ArgumentTypeError(f"Expected nested shapes, received {structure!r} among them.")
    return tree.map_children(lambda part: map_shapes(func, part), structure)
