"""How a value of a program depends on the rows of a batch."""

import dataclasses
from collections.abc import Iterable, Mapping


@dataclasses.dataclass(frozen=True)
class Free:
    """Depends on no row.

    Attributes:
        varying: the axes along which its entries may differ; along all others they are equal.
    """

    varying: frozenset[int]


@dataclasses.dataclass(frozen=True)
class Rows:
    """Row i along an axis depends on row i of the batch, and on what depends on no row.

    Attributes:
        axis: which has the rows, all of them and in order.
        before: how often they follow each other there, where other axes were merged with theirs.
        after: how many entries in a row each one has.
    """

    axis: int
    before: int = 1
    after: int = 1

    def at(self, axis: int) -> "Rows":
        """The same along another axis."""
        return dataclasses.replace(self, axis=axis)


@dataclasses.dataclass(frozen=True)
class Mixed:
    """May depend on the rows in any way."""


Dependence = Free | Rows | Mixed
MIXED = Mixed()


def unknown_but_free(ndim: int) -> Free:
    """What depends on no row, and may differ along all of its axes."""
    return Free(frozenset(range(ndim)))


def join(values: Iterable[Dependence]) -> Dependence:
    """Of a value whose every entry depends on the entries at its place in some values.

    What has rows does not go together with what depends on no row and still differs from row to
    row: in a program for another number of rows that might be something else.
    """
    found: set[Rows] = set()
    varying: set[int] = set()
    for value in values:
        if isinstance(value, Mixed):
            return MIXED
        if isinstance(value, Rows):
            found.add(value)
        else:
            varying |= value.varying
    if not found:
        return Free(frozenset(varying))
    rows = found.pop()
    return MIXED if found or rows.axis in varying else rows


def moved(value: Dependence, places: Mapping[int, int]) -> Dependence:
    """Of a value whose axes went elsewhere.

    Args:
        value: before.
        places: for each axis that is still there, where it is now. What was done along the other
            ones takes all of their entries together; axes that are new repeat the same entries.
    """
    if isinstance(value, Rows):
        return value.at(places[value.axis]) if value.axis in places else MIXED
    if isinstance(value, Free):
        return Free(frozenset(places[axis] for axis in value.varying if axis in places))
    return MIXED


def touched(value: Dependence, axes: Iterable[int]) -> Dependence:
    """Of a value that was changed along some axes, which are still in their places."""
    axes = frozenset(axes)
    if isinstance(value, Rows):
        return MIXED if value.axis in axes else value
    return Free(value.varying | axes) if isinstance(value, Free) else MIXED
