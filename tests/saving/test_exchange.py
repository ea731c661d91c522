"""A folder that is replaced is there at any moment: the old one or the new one, whole."""

import ctypes
import errno
import json
import os
import pathlib
import subprocess
import sys

import pytest

from deepkit.saving import _exchange, load_model
from deepkit.saving._exchange import exchanged
from tests.saving import ways

ROOT = pathlib.Path(__file__).parents[2]
needs_exchange = pytest.mark.skipif(_exchange._renameat2 is None, reason="needs `renameat2`")


@pytest.fixture(scope="module")
def result():
    """What processes left that were killed before each of their steps."""
    if not hasattr(os, "fork"):
        pytest.skip("needs `fork`")
    command = [sys.executable, "-m", "tests.saving.killed_folders"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@needs_exchange
def test_A01_a_saver_killed_at_any_step_leaves_a_whole_folder_under_the_name(result):
    found = result["exchanged"]["found"]
    assert set(found) == {"old", "new"}
    # Making it, and removing the old one, take many steps.
    assert found["old"] > 20 and found["new"] > 3
    assert result["exchanged"]["left"] == ["tmp"]


def test_A01_without_the_call_one_step_has_none_under_the_name(result):
    found = result["moved"]["found"]
    assert set(found) == {"old", "named", "new"}
    assert found["named"] == 1
    assert result["moved"]["left"] == ["former", "tmp"]


@pytest.mark.parametrize("way", ["exchanged", "moved"])
def test_A08_what_the_killed_left_is_removed_by_the_next_save(way, result):
    assert result[way]["stays"] == []


def refusing(number):
    def call(*args):
        ctypes.set_errno(number)
        return -1

    return call


@pytest.fixture
def two(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(name)
    return tmp_path / "a", tmp_path / "b"


@needs_exchange
def test_two_folders_change_places(two):
    first, second = two
    assert exchanged(first, second)
    assert (first / "name").read_text() == "b" and (second / "name").read_text() == "a"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_file_systems_that_cannot(number, two, monkeypatch):
    monkeypatch.setattr(_exchange, "_renameat2", refusing(number))
    assert not exchanged(*two)
    assert (two[0] / "name").read_text() == "a"


@needs_exchange
def test_one_that_is_not_there(two):
    with pytest.raises(FileNotFoundError, match="No such file or directory: '.*a' -> '.*c'"):
        exchanged(two[0], two[1].with_name("c"))


def test_what_the_system_refuses_leaves_the_old_one(tmp_path, monkeypatch):
    path = ways.save(ways.make(1, 2), tmp_path / "folder")
    before = ways.snapshot(tmp_path)
    monkeypatch.setattr(_exchange, "_renameat2", refusing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        ways.save(ways.make(2, 2), path)
    assert ways.snapshot(tmp_path) == before


def test_systems_without_the_call(monkeypatch):
    def none(name, use_errno):
        raise TypeError("expected a name")

    monkeypatch.setattr(ctypes, "CDLL", none)
    assert _exchange._system_call() is None
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: object())
    assert _exchange._system_call() is None


@pytest.mark.parametrize("number", [None, errno.EINVAL])
def test_a_folder_is_replaced_where_none_can_be_exchanged(number, tmp_path, monkeypatch):
    call = None if number is None else refusing(number)
    monkeypatch.setattr(_exchange, "_renameat2", call)
    path = tmp_path / "folder"
    for seed in (1, 2):
        ways.save(ways.make(seed, 2), path)
        assert ways.state(load_model(path)) == ways.state(ways.make(seed, 2))
        assert os.listdir(tmp_path) == ["folder"]


def test_A02_an_interrupt_between_the_moves_brings_the_old_one_back(tmp_path, monkeypatch):
    path = ways.save(ways.make(1, 2), tmp_path / "folder")
    before = ways.snapshot(tmp_path)
    monkeypatch.setattr(_exchange, "_renameat2", None)
    rename, moves = os.rename, []

    def interrupted(source, target):
        moves.append(source)
        if len(moves) == 2:
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ways.save(ways.make(2, 2), path)
    assert ways.snapshot(tmp_path) == before


def test_another_saver_is_first_where_there_was_none(tmp_path, monkeypatch):
    """Its folder is replaced, as if it had been there from the beginning."""
    path, rename, moves = tmp_path / "folder", os.rename, []

    def race(source, target):
        moves.append(source)
        if len(moves) == 1:
            pathlib.Path(target).mkdir()
            (pathlib.Path(target) / "config.json").touch()
        rename(source, target)

    monkeypatch.setattr(os, "rename", race)
    ways.save(ways.make(2, 2), path)
    assert ways.state(load_model(path)) == ways.state(ways.make(2, 2))
    assert os.listdir(tmp_path) == ["folder"]
