"""What matched between the arrays of another library and a model, as data and as a table."""

import dataclasses

from deepkit.core.errors import WeightMismatchError
from deepkit.saving._plain_text import columns, plain

_MOST_ROWS = 200
_HINT = (
    "Pass `rename` to give arrays the names that they have in the model, or None to leave them "
    'out; `layout="torch"` if they lie as in PyTorch; or `strict=False` to load what fits.'
)

Named = tuple[str, tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Match:
    """A weight and the arrays that it is made of.

    Attributes:
        sources: their names.
        source_shapes: their shapes.
        weight: the weight's path.
        shape: its shape.
    """

    sources: tuple[str, ...]
    source_shapes: tuple[tuple[int, ...], ...]
    weight: str
    shape: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Mismatch(Match):
    """A weight and arrays that do not fit it.

    Attributes:
        reason: why, if it is not the shape.
    """

    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class WeightsReport:
    """What came of loading weights. `str(report)` is a table.

    Attributes:
        origin: what they come from.
        model: the model's name.
        matched: weights that were loaded.
        unused: arrays without a place in the model, with their shapes.
        missing: weights for which there is no array, with their shapes.
        mismatched: weights that do not fit the arrays for them.
    """

    origin: str
    model: str
    matched: tuple[Match, ...]
    unused: tuple[Named, ...]
    missing: tuple[Named, ...]
    mismatched: tuple[Mismatch, ...]

    def check(self) -> None:
        """Raise unless everything fits.

        Raises:
            WeightMismatchError: it does not; the message says what.
        """
        if self.unused or self.missing or self.mismatched:
            count = len(self.matched)
            raise WeightMismatchError(
                f"The weights of {self.origin} do not fit the model '{self.model}'; none was "
                f"changed. {count} of {self._count()} weights fit.\n"
                + "\n".join([*self._differences(), _HINT])
            )

    def _count(self) -> int:
        return len(self.matched) + len(self.missing) + len(self.mismatched)

    def __str__(self) -> str:
        head = (
            f"Loaded {len(self.matched)} of {self._count()} weights of '{self.model}' from "
            f"{self.origin}:"
        )
        rows = [_row(match) for match in self.matched]
        table = _table([("array", "shape", "weight", "shape"), *rows]) if rows else []
        return "\n".join([head, *table, *self._differences()])

    def _differences(self) -> list[str]:
        sections: list[tuple[str, list[tuple[str, ...]]]] = [
            ("Different in shape or kind:", [_row(match) for match in self.mismatched]),
            ("Without a place in the model:", [_named(named) for named in self.unused]),
            ("In the model, but without an array:", [_named(named) for named in self.missing]),
        ]
        return [line for heading, rows in sections if rows for line in [heading, *_table(rows)]]


def _named(named: Named) -> tuple[str, ...]:
    return named[0], str(named[1])


def _row(match: Match) -> tuple[str, ...]:
    shapes = " + ".join(map(str, match.source_shapes))
    cells = (" + ".join(match.sources), shapes, match.weight, str(match.shape))
    if not isinstance(match, Mismatch) or match.reason is None:
        return cells
    return (*cells[:-1], f"{cells[-1]}: {match.reason}")


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    return columns([[plain(cell, 200) for cell in row] for row in rows], _MOST_ROWS)
