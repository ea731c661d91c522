"""Whatever goes wrong while a file is written, the old one is there, and nothing else is."""

import os
import resource
import stat
import threading

import h5py
import pytest

from deepkit.errors import CorruptFileError
from deepkit.saving import MissingFileError, _atomic
from deepkit.saving._formats import _output
from tests.saving import ways

every_way = pytest.mark.parametrize("name", ways.ALL)
every_file = pytest.mark.parametrize("name", ways.FILES)

# Folders and links of them are not for all systems.
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")


@pytest.fixture(scope="module")
def models():
    return [ways.make(seed) for seed in (1, 2)]


class Fails:
    """Raises an error at one of its calls, in the place of a function."""

    def __init__(self, function, error, call):
        self.function, self.error, self.left = function, error, call

    def __call__(self, *args, **kwargs):
        self.left -= 1
        if self.left == 0:
            raise self.error
        return self.function(*args, **kwargs)


FULL = OSError(28, "No space left on device")
FAULTS = {
    "first-write-full": (_output, "_write", FULL, 1),
    "third-write-full": (_output, "_write", FULL, 3),
    "first-write-interrupted": (_output, "_write", KeyboardInterrupt(), 1),
    "sync-full": (os, "fsync", FULL, 1),
    "sync-interrupted": (os, "fsync", KeyboardInterrupt(), 2),
}


@every_way
@pytest.mark.parametrize("fault", FAULTS)
def test_A02_a_fault_leaves_the_old_one(name, fault, models, tmp_path, monkeypatch):
    path = ways.save(models[0], tmp_path / name)
    before = ways.snapshot(tmp_path)
    module, function, error, call = FAULTS[fault]
    monkeypatch.setattr(module, function, Fails(getattr(module, function), error, call))
    with pytest.raises(type(error)):
        ways.save(models[1], path)
    assert ways.snapshot(tmp_path) == before


@every_way
def test_A02_a_fault_at_the_last_step_leaves_the_old_one(name, models, tmp_path, monkeypatch):
    path = ways.save(models[0], tmp_path / name)
    before = ways.snapshot(tmp_path)
    module, step = (_atomic, "exchanged") if name == "folder" else (os, "replace")
    real = getattr(module, step)

    def fail(source, target):
        if str(target) == str(path):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(module, step, fail)
    with pytest.raises(KeyboardInterrupt):
        ways.save(models[1], path)
    assert ways.snapshot(tmp_path) == before


@every_way
def test_A02_a_hook_that_fails_leaves_the_old_one(name, models, tmp_path, monkeypatch):
    path = ways.save(models[0], tmp_path / name)
    before = ways.snapshot(tmp_path)
    # The `.h5` format does not ask layers: their `get_config` is asked in all that have one.
    hook = "get_config" if name == "model.h5" else "save_own_variables"
    layer = models[1].layers[-1]

    def fail(*args):
        raise RuntimeError("broken hook")

    monkeypatch.setattr(type(layer), hook, fail)
    with pytest.raises(RuntimeError, match="broken hook"):
        ways.save(models[1], path)
    assert ways.snapshot(tmp_path) == before


@every_way
def test_A02_a_write_that_the_system_cuts_short_leaves_the_old_one(name, models, tmp_path):
    """The kernel takes the first bytes of a write and refuses the next, as on a full disk."""
    path = ways.save(models[0], tmp_path / name)
    before = ways.snapshot(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            ways.save(models[1], path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ways.snapshot(tmp_path) == before


# The order of steps


class Steps:
    """Notes what is done to files, in order."""

    def __init__(self, monkeypatch, target):
        self.seen = []
        self._lock = threading.Lock()
        self._target = str(target)
        for module, function in (
            (_output, "_write"),
            (os, "fsync"),
            (os, "replace"),
            (os, "rename"),
            (_atomic, "exchanged"),
        ):
            monkeypatch.setattr(module, function, self._spy(getattr(module, function), function))

    def _spy(self, real, function):
        def spy(*args):
            self._note(function, args)
            return real(*args)

        return spy

    def _note(self, function, args):
        kind = function.strip("_")
        if function == "fsync":
            is_folder = stat.S_ISDIR(os.fstat(args[0]).st_mode)
            kind = "sync folder" if is_folder else "sync file"
        if function in ("replace", "rename", "exchanged"):
            source, target = map(str, args)
            assert os.path.dirname(source) == os.path.dirname(target)
            kind = "replace" if target == self._target else "move"
            if kind == "replace":
                assert not open_for_writing(source)
        with self._lock:
            if self.seen[-1:] != [kind]:
                self.seen.append(kind)


def open_for_writing(path):
    """Whether this process has a file open that it can write to."""
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") != path:
                continue
            with open(f"/proc/self/fdinfo/{number}") as info:
                flags = next(line for line in info if line.startswith("flags"))
        except FileNotFoundError:
            continue
        if int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY:
            return True
    return False


@pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="needs /proc")
@every_way
def test_A03_steps_are_in_order(name, models, tmp_path, monkeypatch):
    """Written, closed, synced, put in place, and the folder synced: nothing earlier or later."""
    path = ways.save(models[0], tmp_path / name)
    steps = Steps(monkeypatch, path)
    ways.save(models[1], path)
    if name == "model.weights.json":
        # Each shard, the folder, then the index.
        files = steps.seen.index("sync folder")
        assert steps.seen[:files] == ["write", "sync file"] * (files // 2) and files > 2
        assert steps.seen[files + 1 :] == ["write", "sync file", "replace", "sync folder"]
    elif name == "folder":
        assert steps.seen[-3:] == ["sync folder", "replace", "sync folder"]
        assert steps.seen[:-3] == ["write", "sync file"] * 3
    else:
        assert steps.seen == ["write", "sync file", "replace", "sync folder"]


# Where a target lies


@every_way
def test_A05_a_link_stays_a_link(name, models, tmp_path):
    (tmp_path / "real").mkdir()
    target = ways.save(models[0], tmp_path / "real" / name)
    link = tmp_path / name
    link.symlink_to(target)
    ways.save(models[1], link)
    assert link.is_symlink() and not target.is_symlink()
    assert os.listdir(tmp_path) in (["real", name], [name, "real"])
    for path in (link, target):
        assert ways.state(ways.load(path)) == ways.state(models[1])


@every_way
def test_A05_the_mode_is_kept(name, models, tmp_path):
    path = ways.save(models[0], tmp_path / name)
    mode = 0o750 if name == "folder" else 0o640
    path.chmod(mode)
    ways.save(models[1], path)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    for shard in tmp_path.glob("model_*_*"):
        assert stat.S_IMODE(shard.stat().st_mode) == mode


@every_way
def test_A05_a_folder_that_is_read_only(name, models, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    path = ways.save(models[0], folder / name)
    before = ways.snapshot(folder)
    folder.chmod(0o555)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        with pytest.raises(PermissionError, match=f"Cannot save '{name}': no permission"):
            ways.save(models[1], path)
    finally:
        folder.chmod(0o755)
    assert ways.snapshot(folder) == before


# What is no file


@every_file
def test_A06_four_faults_have_four_messages(name, models, tmp_path):
    data = ways.save(models[0], tmp_path / name).read_bytes()
    other = "model.h5" if name == "model.keras" else "model.keras"
    foreign = ways.save(models[0], tmp_path / f"foreign-{other}").read_bytes()
    messages = {}
    for kind, content in {
        "truncated": data[: len(data) * 2 // 3],
        "empty": b"",
        "foreign": foreign,
    }.items():
        faulty = tmp_path / f"{kind}-{name}"
        faulty.write_bytes(content)
        with pytest.raises(CorruptFileError) as error:
            ways.load(faulty, models[1])
        messages[kind] = str(error.value).replace(str(faulty), "")
    with pytest.raises(MissingFileError) as error:
        ways.load(tmp_path / f"missing-{name}", models[1])
    messages["missing"] = str(error.value)
    assert "is empty: it has no bytes" in messages["empty"]
    assert "whatever its name says" in messages["foreign"]
    assert f"give it the ending `{os.path.splitext(other)[1]}`" in messages["foreign"]
    assert "There is no file" in messages["missing"]
    assert len(set(messages.values())) == 4


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5"])
def test_A07_a_file_without_some_arrays_names_them(name, models, tmp_path):
    """As a writer that was killed after a flush leaves it: it opens, and is not whole."""
    path = ways.save(models[0], tmp_path / name)
    with h5py.File(path, "r+") as file:
        parent = "model_weights/last/m" if name == "model.h5" else "layers"
        lost = next(key for key in file[parent] if key in ("last", "dense_1"))
        del file[f"{parent}/{lost}"]
        file.flush()
    with pytest.raises(CorruptFileError, match=rf"2 of the \d+ arrays .*'{parent}/{lost}/"):
        ways.load(path, models[1])


def test_A07_a_shard_without_some_arrays_names_them(models, tmp_path):
    path = ways.save(models[0], tmp_path / "model.weights.json")
    shard = sorted(tmp_path.glob("model_*_00000.weights.h5"))[0]
    with h5py.File(shard, "r+") as file:
        del file["layers/dense/vars/0"]
    with pytest.raises(CorruptFileError, match=r"arrays .*'layers/dense/vars/0'"):
        ways.load(path, models[1])
