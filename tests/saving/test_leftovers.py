"""What killed savers leave beside a target is ignored by loading, and removed later."""

import fcntl
import os
import signal
import subprocess
import sys
import time

import pytest

import deepkit
from deepkit.saving import _leftovers
from deepkit.saving._atomic import replacing
from tests.saving import ways
from tests.saving.models import FORMATS, assert_equal_values, fill, values
from tests.saving.ways import save

every_format = pytest.mark.parametrize("ending", FORMATS)
TOKEN = "0123456789abcdef"
HOUR = 3600.0


def make(seed=0):
    return fill(deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)]), seed)


def load(path):
    return ways.load(path, into=make(9))


def leftover(path, age=HOUR, token=TOKEN):
    temporary = path.with_name(f".{path.name}.{token}.tmp")
    temporary.write_bytes(b"half of a file")
    os.utime(temporary, (time.time() - age,) * 2)
    return temporary


@every_format
def test_A08_what_a_killed_saver_left_is_ignored_and_removed_by_the_next_save(ending, tmp_path):
    path = save(make(), tmp_path / f"model{ending}")
    temporary = leftover(path)
    assert_equal_values(values(load(path)), values(make()))
    assert temporary.exists()
    save(make(1), path)
    assert os.listdir(tmp_path) == [path.name]
    assert_equal_values(values(load(path)), values(make(1)))


def test_A08_files_of_others_stay(tmp_path):
    path = tmp_path / "model.keras"
    others = [
        leftover(tmp_path / "other.keras"),
        leftover(path, token="no-token"),
        leftover(path, age=_leftovers.GRACE_SECONDS / 2),
        tmp_path / f".model.keras.{TOKEN}.tmp.old",
        tmp_path / f"model.keras.{TOKEN}.tmp",
    ]
    for other in others[3:]:
        other.write_bytes(b"")
        os.utime(other, (0, 0))
    save(make(), path)
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, *(o.name for o in others)])


def test_A08_a_file_that_another_process_is_writing_stays(tmp_path):
    path = tmp_path / "model.keras"
    code = (
        "import sys, time; from deepkit.saving._atomic import replacing\n"
        "with replacing(sys.argv[1]):\n    print('ready', flush=True); time.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    try:
        assert writer.stdout.readline() == b"ready\n"
        (temporary,) = tmp_path.iterdir()
        os.utime(temporary, (0, 0))
        save(make(), path)
        assert temporary.exists()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert temporary.exists()
        save(make(), path)
        assert not temporary.exists()
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def test_A08_a_saver_in_another_thread_is_seen_too(tmp_path):
    path = tmp_path / "file"
    with replacing(path) as outer:
        os.utime(outer, (0, 0))
        with replacing(path) as inner:
            inner.write_bytes(b"inner")
        assert path.read_bytes() == b"inner" and outer.exists()
        outer.write_bytes(b"outer")
    assert path.read_bytes() == b"outer" and os.listdir(tmp_path) == ["file"]


def test_A08_without_locks_a_day_must_pass(tmp_path, monkeypatch):
    path = tmp_path / "file"

    def none(descriptor, operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", none)
    for module in (fcntl, None):
        monkeypatch.setattr(_leftovers, "fcntl", module)
        young, old = leftover(path), leftover(path, age=30 * HOUR, token=TOKEN[::-1])
        with replacing(path):
            pass
        assert young.exists() and not old.exists()


def test_a_link_beside_a_target_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"important")
    path = tmp_path / "file"
    temporary = path.with_name(f".file.{TOKEN}.tmp")
    temporary.symlink_to(victim)
    os.utime(temporary, (0, 0), follow_symlinks=False)
    with replacing(path):
        pass
    assert victim.read_bytes() == b"important"
