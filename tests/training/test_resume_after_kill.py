"""Processes that are killed by SIGKILL, and started again until they end, end as unbroken ones."""

import pathlib
import pickle
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.training.resumable import EPOCHS, assert_same

ROOT = pathlib.Path(__file__).parent.parent.parent
# Where a process kills itself: in the loop, in a step, and before the calls of a save.
PLACES = ("epoch begin", "epoch end", "batch begin", "_call", "fsync", "replace", "chmod", "unlink")


def start(name, save_freq, folder, result, *kill):
    arguments = [name, str(save_freq), str(folder), str(result), *map(str, kill)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.resumable", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(folder, name, save_freq):
    process = start(name, save_freq, folder / "backup", folder / "result")
    process.communicate()
    assert process.returncode == 0
    return pickle.loads((folder / "result").read_bytes())


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The results of runs that nobody killed."""
    return {
        save_freq: finished(tmp_path_factory.mktemp("unbroken"), "full", save_freq)
        for save_freq in ("epoch", 5)
    }


@pytest.mark.parametrize("save_freq", ["epoch", 5])
def test_killed_run_ends_as_an_unbroken_one(save_freq, unbroken, tmp_path):
    generator = random.Random(f"{save_freq}")
    for place in generator.sample(PLACES, 4):
        process = start(
            "full",
            save_freq,
            tmp_path / "backup",
            tmp_path / "result",
            place,
            generator.randint(2, 6),
        )
        process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0)  # 0 where it came to its end before
    result = finished(tmp_path, "full", save_freq)
    assert_same(result, unbroken[save_freq])
    assert result["log"] == unbroken[save_freq]["log"]
    assert len(result["log"].splitlines()) == EPOCHS + 1
    assert not (tmp_path / "backup").exists()


def test_run_that_a_timer_kills_ends_as_an_unbroken_one(unbroken, tmp_path):
    generator = random.Random(3)
    for _ in range(2):
        process = start("full", 5, tmp_path / "backup", tmp_path / "result")
        assert process.stdout.readline() == "training\n"
        time.sleep(generator.uniform(0.5, 2.5))
        process.kill()
        process.communicate()
    result = finished(tmp_path, "full", 5)
    assert_same(result, unbroken[5])
    assert result["log"] == unbroken[5]["log"]
