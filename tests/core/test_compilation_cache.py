"""Compiled programs are kept between processes, in a folder that is safe, known and bounded."""

import os
import pathlib
import subprocess
import sys

import pytest

from deepkit.core import compilation_cache

TRAIN = """
import jax
hits = []
jax.monitoring.register_event_listener(lambda name, **_: hits.append(name))
import deepkit
assert jax.config.jax_compilation_cache_dir == {given!r}, "import changed a setting"
from deepkit.core import compilation_cache
compilation_cache._MIN_SECONDS = 0.0
model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
model.compile("adam", "mse")
model.fit([[1.0, 2.0, 3.0]], [[1.0, 2.0]], verbose=0)
print(sum(name.endswith("cache_hits") for name in hits))
print(jax.config.jax_compilation_cache_dir)
"""


def run(home, given=None, script=TRAIN, **environment):
    """The lines that a process prints whose user has an own home, and what it warned of."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JAX_COMPILATION", "JAX_PERSISTENT", "XDG_", "DEEPKIT_"))
    }
    environment = {**inherited, "HOME": str(home), **environment}
    done = subprocess.run(
        [sys.executable, "-c", script.format(given=given)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split("\n")[:-1], done.stderr


def test_a_second_process_finds_what_the_first_compiled(tmp_path):
    (hits, folder), message = run(tmp_path)
    assert int(hits) == 0
    assert pathlib.Path(folder).parent == tmp_path / ".cache" / "deepkit" / "compiled"
    assert list(pathlib.Path(folder).iterdir())
    assert f"keeps compiled programs in {tmp_path / '.cache/deepkit/compiled'}" in message
    (hits, _), message = run(tmp_path)
    assert int(hits) > 0
    assert message == ""


def test_the_folder_belongs_to_its_owner(tmp_path):
    run(tmp_path)
    mode = (tmp_path / ".cache" / "deepkit" / "compiled").stat().st_mode
    assert mode & 0o077 == 0


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path):
    folder = tmp_path / ".cache" / "deepkit" / "compiled"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    (_, used), _ = run(tmp_path)
    assert used == "None"
    assert not list(folder.iterdir())


def test_a_folder_from_the_environment(tmp_path):
    (_, used), _ = run(tmp_path, DEEPKIT_COMPILATION_CACHE=str(tmp_path / "mine"))
    assert pathlib.Path(used).parent == tmp_path / "mine"


def test_off(tmp_path):
    (_, used), message = run(tmp_path, DEEPKIT_COMPILATION_CACHE="off")
    assert used == "None"
    assert message == ""
    assert not (tmp_path / ".cache").exists()


def test_what_was_given_to_jax_comes_first(tmp_path):
    mine = str(tmp_path / "mine")
    (_, used), message = run(tmp_path, given=mine, JAX_COMPILATION_CACHE_DIR=mine)
    assert used == mine
    assert message == ""


def test_no_home_is_no_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    (_, used), _ = run(blocked)
    assert used == "None"


def test_a_folder_of_ones_own_and_none(tmp_path):
    script = """
import deepkit, jax
deepkit.config.set_compilation_cache_dir("~/mine")
print(deepkit.config.compilation_cache_dir())
deepkit.config.set_compilation_cache_dir(None)
print(deepkit.config.compilation_cache_dir())
"""
    lines, message = run(tmp_path, script=script)
    assert lines == [str(tmp_path / "mine"), "None"]
    assert message == ""


def test_the_files_read_longest_ago_go_first(tmp_path):
    for age, name in enumerate(["new", "old", "oldest"]):
        path = tmp_path / "machine" / f"{name}-cache"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
        os.utime(path, (1000 - age, 1000 - age))
    compilation_cache._shrink(tmp_path, 250)
    assert sorted(p.name for p in tmp_path.rglob("*-cache")) == ["new-cache", "old-cache"]


@pytest.mark.parametrize("other", ["model name\t: another CPU", "flags\t\t: avx512f"])
def test_other_machines_have_other_folders(monkeypatch, other):
    compilation_cache._machine.cache_clear()
    here = compilation_cache._machine()
    compilation_cache._machine.cache_clear()
    monkeypatch.setattr(pathlib.Path, "exists", lambda self: True)
    monkeypatch.setattr(pathlib.Path, "read_text", lambda self: other)
    assert compilation_cache._machine() != here
    compilation_cache._machine.cache_clear()
