"""The rows of the table of attacks and faults, and which test is of which row."""

from collections.abc import Callable
from typing import Any

ROWS = (
    *(f"S{number:02}" for number in range(1, 25)),
    *(f"W{number:02}" for number in range(1, 5)),
    *(f"C{number:02}" for number in range(1, 4)),
    "A06",
)

COVERED: dict[str, list[Callable[..., Any]]] = {row: [] for row in ROWS}


def row(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Note that a test is of these rows."""

    def note(test: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            COVERED[name].append(test)
        return test

    return note
