"""What files say, as text for people: without control characters, in columns, and not long."""

from collections.abc import Sequence
from typing import Any


def plain(text: Any, most: int = 100) -> str:
    """Text of a file that cannot steer a terminal, and has at most so many letters."""
    shown = str(text)
    if len(shown) > most:
        shown = f"{shown[:most]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def columns(rows: Sequence[Sequence[str]], most: int) -> list[str]:
    """Rows of cells as lines, of which so many are shown."""
    widths = [max(map(len, column)) for column in zip(*rows[:most])]
    lines = [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip()
        for row in rows[:most]
    ]
    return [*lines, f"  and {len(rows) - most:,} more"] if len(rows) > most else lines
