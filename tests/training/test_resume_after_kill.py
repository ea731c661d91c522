"""Processes that are killed by SIGKILL, and started again until they end, end as unbroken ones."""

import pathlib
import pickle
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.training.resumable import EPOCHS, assert_same, whole_run

ROOT = pathlib.Path(__file__).parent.parent.parent


def start(save_freq, folder, *kill):
    files = [str(folder / "backup"), str(folder / "result")]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.resumable", "full", str(save_freq), *files, *kill],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_to_its_end(save_freq, folder):
    process = start(save_freq, folder)
    process.communicate()
    assert process.returncode == 0
    result = pickle.loads((folder / "result").read_bytes())
    assert not (folder / "backup").exists()
    names = {path.name for path in folder.iterdir() if not path.name.endswith(".tmp")}
    assert names == {"best.keras", "log.csv", "result"}
    return result


def assert_as_unbroken(result, save_freq, folder):
    expected = whole_run("full", save_freq, folder / "unbroken" / "backup")
    assert_same(result, expected)
    assert result["log"] == expected["log"]
    assert len(result["log"].splitlines()) == EPOCHS + 1


@pytest.mark.parametrize(
    ("save_freq", "places"),
    [("epoch", ["epoch end", "replace"]), (5, ["_call", "fsync", "batch begin"])],
)
def test_killed_run_ends_as_an_unbroken_one(save_freq, places, tmp_path):
    """Killed in the loop, in a step, and before the calls of a save."""
    folder, generator = tmp_path / "run", random.Random(1)
    for place in places:
        process = start(save_freq, folder, place, str(generator.randint(3, 8)))
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    if save_freq == 5:  # and at a point that nobody chose
        process = start(save_freq, folder)
        assert process.stdout.readline() == "training\n"
        time.sleep(generator.uniform(0.2, 1.5))
        process.kill()
        process.communicate()
    result = run_to_its_end(save_freq, folder)
    assert_as_unbroken(result, save_freq, tmp_path)
