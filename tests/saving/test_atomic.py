"""A save leaves the old file or the new one, and nothing else."""

import os
import stat

import pytest

import deepkit
from deepkit.saving import load_model
from deepkit.saving._atomic import replacing
from deepkit.saving._formats._writer import Hdf5Writer
from tests.saving.models import FORMATS, assert_equal_values, fill, values
from tests.saving.ways import save

every_format = pytest.mark.parametrize("ending", FORMATS)


class Failing(deepkit.layers.Layer):
    """Fails to save when it is told to."""

    error: BaseException | None = None

    def save_own_variables(self, store):
        if Failing.error is not None:
            raise Failing.error

    def call(self, x):
        return x


def make(seed=0):
    layers = [deepkit.layers.Dense(2, name="dense"), Failing()]
    return fill(deepkit.Sequential([deepkit.Input((3,)), *layers], name="m"), seed)


def load(path):
    if str(path).endswith(".weights.h5"):
        model = make(9)
        model.load_weights(path)
        return model
    return load_model(path, custom_objects={"Failing": Failing})


@pytest.fixture
def failing(monkeypatch):
    def fail(error):
        monkeypatch.setattr(Failing, "error", error)

    yield fail
    monkeypatch.setattr(Failing, "error", None)


@every_format
@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()], ids=repr)
def test_a_save_that_fails_leaves_the_old_file(ending, error, failing, tmp_path, monkeypatch):
    path = save(make(), tmp_path / f"model{ending}")
    before = path.read_bytes()
    if ending == ".h5":
        # This format does not ask layers.
        def fail(*args):
            raise error

        monkeypatch.setattr("deepkit.saving._formats._legacy._write_seeds", fail)
    failing(error)
    with pytest.raises(type(error)):
        save(make(1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@every_format
def test_a_full_disk_leaves_the_old_file(ending, tmp_path, monkeypatch):
    path = save(make(), tmp_path / f"model{ending}")
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(make(1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@every_format
def test_a_link_stays_a_link(ending, tmp_path):
    (tmp_path / "real").mkdir()
    target = save(make(), tmp_path / "real" / f"model{ending}")
    link = tmp_path / f"link{ending}"
    link.symlink_to(target)
    model = make(1)
    save(model, link)
    assert link.is_symlink() and not target.is_symlink()
    assert_equal_values(values(load(target)), values(model))


def test_the_mode_is_kept(tmp_path):
    path = save(make(), tmp_path / "model.keras")
    usual = os.umask(0)
    os.umask(usual)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~usual
    path.chmod(0o640)
    save(make(1), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_folders_are_made(tmp_path):
    path = save(make(), tmp_path / "a" / "b" / "model.keras")
    assert path.exists()


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    real = os.open

    def denied(path, flags, *args, **kwargs):
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PermissionError, match="Cannot save 'model.keras': no permission") as error:
        save(make(), tmp_path / "model.keras")
    assert error.value.filename == str(tmp_path)


def test_the_order_of_steps(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace

    def spy_fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("fsync folder" if is_folder else "fsync file")
        fsync(descriptor)

    def spy_replace(source, target):
        assert os.path.dirname(source) == os.path.dirname(target) == str(tmp_path)
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "replace", spy_replace)
    with replacing(tmp_path / "file") as temporary:
        temporary.write_bytes(b"content")
        steps.append("written")
    assert steps == ["written", "fsync file", "replace", "fsync folder"]


@every_format
def test_a_write_that_went_wrong_is_seen(ending, tmp_path, monkeypatch):
    """What was written is read again before it takes the place of the old file."""
    path = save(make(), tmp_path / f"model{ending}")
    before = path.read_bytes()
    finish = Hdf5Writer.finish
    groups = {".h5": "model_weights/dense/m/dense/bias"}

    def spoil(writer):
        finish(writer)
        group, _, name = groups.get(ending, "layers/dense/vars/1").rpartition("/")
        writer.group(group)[name][0] = 77.0

    monkeypatch.setattr(Hdf5Writer, "finish", spoil)
    with pytest.raises(deepkit.errors.CorruptFileError, match="are not those that were written"):
        save(make(1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
