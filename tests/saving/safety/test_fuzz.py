"""Damaged files load as they were or are refused; `tests/saving/fuzz.py` tries more of them."""

import pytest

from tests.saving import fuzz
from tests.saving.safety.rows import row

POINTS = 200


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return fuzz.write_samples(tmp_path_factory.mktemp("samples"))


@pytest.mark.parametrize("name", fuzz.NAMES)
@row("S24")
def test_damaged_files(name, samples):
    outcomes = fuzz.fuzz(samples[name], 0, POINTS)
    assert len(outcomes) == POINTS
    assert fuzz.faults(name, outcomes) == {}
    assert sum(outcome == "refused" for outcome in outcomes.values()) > POINTS // 3
