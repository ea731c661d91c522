"""Every row of the table has a test."""

import importlib
import pathlib

from tests.saving.safety.rows import COVERED, ROWS


def test_every_row_has_a_test():
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"tests.saving.safety.{path.stem}")
    assert [name for name in ROWS if not COVERED[name]] == []
