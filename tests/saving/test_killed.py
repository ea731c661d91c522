"""A file that is overwritten is the old one or the new one, whenever its writer is killed."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.saving import ways

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs `fork`")

KILLS = 13
READS = 15


@pytest.fixture(scope="module")
def result():
    """What was left by 52 killed processes, and seen beside 8 more."""
    root = pathlib.Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.saving.killed", str(KILLS), str(READS)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ways.FILES)
def test_A01_a_killed_save_leaves_the_old_file_or_the_new_one(name, result):
    found = result["killed"][name]
    assert found["wrong"] == []
    assert found["complete"] == KILLS
    # Most were killed while they wrote.
    assert found["half"] > 0


@pytest.mark.parametrize("name", ways.FILES)
def test_A08_what_killed_savers_left_is_removed_by_the_next_save(name, result):
    left = result["killed"][name]["left"]
    assert left == (["model_00000.weights.h5"] if name.endswith(".json") else [])


@pytest.mark.parametrize("name", ways.FILES)
def test_A04_a_reader_sees_whole_files_while_two_processes_save(name, result):
    found = result["polled"][name]
    assert found["wrong"] == []
    assert found["complete"] == READS
    assert set(found["seen"]) <= {0, 1}
