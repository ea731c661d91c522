"""All rows of the catalogue of layers; families add theirs in `tests/layers/rows/`."""

import importlib
import pathlib

from tests.layers.row import Row


def _collect() -> list[Row]:
    folder = pathlib.Path(__file__).parent / "rows"
    rows: list[Row] = []
    for path in sorted(folder.glob("[a-z]*.py")):
        rows.extend(importlib.import_module(f"tests.layers.rows.{path.stem}").ROWS)
    return rows


ROWS = _collect()
