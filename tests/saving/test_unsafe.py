"""Files that ask for code, for other files or for too much are refused before any of it happens."""

import base64
import builtins
import contextlib
import io
import json
import marshal
import os
import resource
import subprocess
import sys
import threading
import time
import zipfile

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.core.serialization import (
    disable_unsafe_deserialization,
    enable_unsafe_deserialization,
)
from deepkit.errors import (
    CorruptFileError,
    DeepkitError,
    SerializationError,
    UnsafeFileError,
    WeightMismatchError,
)
from deepkit.models import clone_model, model_from_json
from deepkit.saving import deserialize_keras_object, load_model
from tests.saving.crafted import archive, drawn, layer, older, sequential
from tests.saving.models import fill

REFUSED = (UnsafeFileError, SerializationError, CorruptFileError, WeightMismatchError)


class Watch:
    """Notes files that are opened, modules that are imported and code that is run."""

    def __init__(self):
        self.events = []
        self.on = False
        sys.addaudithook(self._note)

    def _note(self, event, args):
        watched = ("open", "import", "exec", "marshal.loads", "pickle.find_class", "socket.connect")
        if self.on and event in watched:
            self.events.append((event, *(str(arg) for arg in args[:1])))

    @contextlib.contextmanager
    def __call__(self):
        self.events, self.on = [], True
        try:
            yield
        finally:
            self.on = False

    def named(self, word):
        return [event for event in self.events if word in event[-1]]


WATCH = Watch()


@pytest.fixture(scope="module", autouse=True)
def _warmed_up(tmp_path_factory):
    """Everything that loading needs is imported before it is watched."""
    model = fill(deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(2)]))
    for ending in (".keras", ".h5"):
        path = tmp_path_factory.mktemp("warm") / f"model{ending}"
        model.save(path)
        load_model(path)


# Code


def _bytecode(canary):
    code = compile(f"open({str(canary)!r}, 'w').close()", "<file>", "exec")
    return base64.b64encode(marshal.dumps(code)).decode()


def _lambda_entry(canary):
    packed = {"code": _bytecode(canary), "defaults": None, "closure": None}
    return {"module": "builtins", "class_name": "__lambda__", "config": {"value": packed}}


def _lambdas(canary):
    """Layers that hold a lambda, as Keras 3 and older ones wrote them."""
    entry = _lambda_entry(canary)
    return {
        "now": layer("Lambda", function=entry),
        "keras-3": layer(
            "Lambda",
            function={"class_name": "__lambda__", "config": entry["config"]["value"]},
        ),
        "older": {
            "class_name": "Lambda",
            "config": {
                "name": "made",
                "function": [_bytecode(canary), None, None],
                "function_type": "lambda",
            },
        },
        "activation": layer("Dense", units=2, activation=entry),
        "initializer": layer("Dense", units=2, kernel_initializer=entry),
    }


ENTRY_POINTS = {
    "load_model .keras": lambda config, folder: load_model(archive(folder / "a.keras", config)),
    "load_model .h5": lambda config, folder: load_model(older(folder / "a.h5", config)),
    "model_from_json": lambda config, folder: model_from_json(json.dumps(config)),
    "deserialize": lambda config, folder: deserialize_keras_object(config),
    "from_config": lambda config, folder: deepkit.Sequential.from_config(config["config"]),
}
every_entry = pytest.mark.parametrize("enter", ENTRY_POINTS.values(), ids=list(ENTRY_POINTS))


@every_entry
@pytest.mark.parametrize("kind", ["now", "keras-3", "older", "activation", "initializer"])
def test_lambdas_are_refused(enter, kind, tmp_path):
    canary = tmp_path / "canary"
    with WATCH(), pytest.raises(UnsafeFileError, match="bytecode"):
        enter(sequential(_lambdas(canary)[kind]), tmp_path)
    assert not canary.exists()
    assert not [event for event in WATCH.events if event[0] in ("marshal.loads", "exec")]


def _saved_lambda(folder, ending=".keras"):
    model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Lambda(lambda x: x * 2)])
    path = folder / f"lambda{ending}"
    model.save(path)
    return path


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_unsafe_loads_are_asked_for_each_time(ending, tmp_path):
    path = _saved_lambda(tmp_path, ending)
    model = load_model(path, safe_mode=False)
    np.testing.assert_array_equal(model(np.ones((1, 4), "float32")), np.full((1, 4), 2.0))
    with pytest.raises(UnsafeFileError, match="safe_mode=False"):
        load_model(path)
    found = []
    thread = threading.Thread(target=lambda: found.append(_refuses(path)))
    thread.start()
    thread.join()
    assert found == [True]


def _refuses(path, **options):
    try:
        load_model(path, **options)
    except UnsafeFileError:
        return True
    return False


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_an_explicit_argument_beats_the_global_switch(ending, tmp_path):
    path = _saved_lambda(tmp_path, ending)
    enable_unsafe_deserialization()
    try:
        assert _refuses(path, safe_mode=True)
        assert _refuses(path)
        assert not _refuses(path, safe_mode=None)
    finally:
        disable_unsafe_deserialization()
    assert _refuses(path, safe_mode=None)


def test_cloning_runs_no_foreign_code():
    model = deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Lambda(lambda x: x)])
    with pytest.raises(UnsafeFileError, match="bytecode"):
        clone_model(model)


# Names of things that are no layers


@every_entry
@pytest.mark.parametrize(
    "entry",
    [
        {"module": "os", "class_name": "function", "config": "system"},
        {"module": "builtins", "class_name": "function", "config": "eval"},
        {"module": "builtins", "class_name": "function", "config": "getattr"},
        {"module": "builtins", "class_name": "class", "config": "dict"},
        {"module": "builtins", "class_name": "dict", "config": {}},
        {"module": "pathlib", "class_name": "Path", "config": {}},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}},
        {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        {"module": "keras.saving", "class_name": "function", "config": "load_model"},
        {"module": "keras.layers", "class_name": "deserialize", "config": {}},
        {"module": None, "class_name": "no_such_thing", "config": {}},
        {"module": ["os"], "class_name": "no_such_thing", "config": {}},
        {"module": "keras.layers", "class_name": 3, "config": {}},
    ],
    ids=lambda entry: str(entry["config"] or entry["class_name"]),
)
def test_what_is_no_layer_is_refused(enter, entry, tmp_path, monkeypatch):
    for name in ("eval", "getattr"):
        monkeypatch.setattr(builtins, name, getattr(builtins, name))
    entry = {**entry, "registered_name": None}
    for config in (sequential(entry), sequential(layer("Dense", units=2, activation=entry))):
        with WATCH(), pytest.raises(DeepkitError):
            enter(config, tmp_path)
        assert not WATCH.named("subprocess") and not WATCH.named("pathlib")


@pytest.mark.parametrize("enter", list(ENTRY_POINTS.values())[:4], ids=list(ENTRY_POINTS)[:4])
@pytest.mark.parametrize("name", ["system", "eval", "getattr", "Popen"])
def test_calls_in_drawn_models_are_refused(enter, name, tmp_path):
    canary = tmp_path / "canary"
    entry = {
        "module": "os" if name == "system" else "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }
    config = drawn(entry)
    config["config"]["layers"][1]["inbound_nodes"] = [
        {"args": [f"touch {canary}"], "kwargs": {}},
    ]
    with pytest.raises(DeepkitError):
        enter(config, tmp_path)
    assert not canary.exists()


@every_entry
def test_modules_that_are_named_are_not_imported(enter, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    entry = layer("Evil", module="evil_module")
    entry["registered_name"] = "evil_module>Evil"
    with WATCH(), pytest.raises(SerializationError, match="register it with") as error:
        enter(sequential(entry), tmp_path)
    assert not WATCH.named("evil_module")
    assert "batch_shape" not in str(error.value), "the config is not shown"


def test_arrays_of_objects_in_configs_are_refused(tmp_path):
    entry = {"class_name": "__numpy__", "config": {"value": ["x"], "dtype": "object"}}
    config = sequential(layer("Rescaling", scale=entry))
    with pytest.raises(UnsafeFileError, match="array of numbers"):
        load_model(archive(tmp_path / "a.keras", config))


# Other files


@pytest.fixture
def small():
    return fill(deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(2)]))


@pytest.fixture
def victim(tmp_path):
    """A pipe with a waiting writer, which shows whether it was opened, by whatever library."""
    path = tmp_path / "victim.h5"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: open(path, "wb").close(), daemon=True)
    writer.start()
    yield path
    untouched = writer.is_alive()
    os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    writer.join(5)
    assert untouched, "the other file was opened"


def _edit(model, folder, edit, ending=".weights.h5"):
    """A file of a model, changed; the manifest is taken out, as an attacker would."""
    path = folder / f"edited{ending}"
    weights = folder / "edited.weights.h5"
    (model.save if ending == ".h5" else model.save_weights)(path if ending == ".h5" else weights)
    with h5py.File(path if ending == ".h5" else weights, "r+") as file:
        del file["deepkit_manifest"]
        edit(file)
    if ending == ".keras":
        model.save(path)
        with zipfile.ZipFile(path) as whole:
            config = whole.read("config.json")
        archive(path, config, weights.read_bytes())
    return path


def _load_all(model, folder, edit):
    """Load an edited file by all ways that lead to its weights; the errors."""
    errors = []
    for ending in (".weights.h5", ".keras", ".h5"):
        path = _edit(model, folder, edit, ending)
        ways = [lambda p=path: model.load_weights(p)]
        if ending != ".weights.h5":
            ways.append(lambda p=path: load_model(p))
        for way in ways:
            with WATCH(), pytest.raises(REFUSED) as error:
                way()
            errors.append(error.value)
    return errors


def _kernel(file):
    """The path of the kernel in a file of any format."""
    paths = []
    file.visititems(
        lambda name, item: paths.append(name) if isinstance(item, h5py.Dataset) else None
    )
    return next(path for path in paths if file[path].shape == (4, 2))


def _replace(make):
    """Put something else where the kernel is."""

    def edit(file):
        path = _kernel(file)
        del file[path]
        make(file, path)

    return edit


@pytest.mark.parametrize(
    "place", ["root", "middle", "vars"], ids=["at the root", "in the middle", "at the end"]
)
@pytest.mark.parametrize("kind", ["external", "soft", "dangling"])
def test_links_are_refused(place, kind, small, victim, tmp_path):
    def edit(file):
        path = _kernel(file)
        spot = {"root": "extra", "middle": f"{path.rpartition('/')[0]}/extra", "vars": path}[place]
        if spot in file:
            file["kept"] = file[spot]
            del file[spot]
        file[spot] = {
            "external": h5py.ExternalLink(str(victim), "/secret"),
            "soft": h5py.SoftLink("/kept" if "kept" in file else "/"),
            "dangling": h5py.SoftLink("/nowhere"),
        }[kind]

    before = [np.asarray(v) for v in small.weights]
    for error in _load_all(small, tmp_path, edit):
        assert isinstance(error, UnsafeFileError) and "to somewhere else" in str(error)
    np.testing.assert_array_equal(before[0], small.weights[0])


def _external(file, path):
    file.create_dataset(path, (4, 2), "float32", external=[(f"{file.filename}.secret", 0, 32)])


def _virtual(file, path):
    layout = h5py.VirtualLayout((4, 2), "float32")
    layout[:] = h5py.VirtualSource("victim.h5", "secret", (4, 2))
    file.create_virtual_dataset(path, layout)


@pytest.mark.parametrize(
    ("make", "words"),
    [(_external, "lie in another file"), (_virtual, "parts of other files")],
    ids=["external", "virtual"],
)
def test_data_in_other_files_are_refused(make, words, small, victim, tmp_path):
    for error in _load_all(small, tmp_path, _replace(make)):
        assert isinstance(error, UnsafeFileError) and words in str(error)


@pytest.mark.parametrize("name", ["ext/kernel", "../x", "/abs", "", "a//b", "model_weights"])
def test_names_of_weights_that_lead_elsewhere(name, small, tmp_path):
    def edit_weights(file):
        group = file["model_weights"][small.layers[0].name]
        group.attrs["weight_names"] = [name.encode(), b"y"]

    def edit_layers(file):
        file["model_weights"].attrs["layer_names"] = [name.encode()]

    for edit in (edit_weights, edit_layers):
        path = _edit(small, tmp_path, edit, ".h5")
        for way in (small.load_weights, load_model):
            with pytest.raises(CorruptFileError, match="not there"):
                way(path)


# Sizes


def _gzip_bomb(file, path):
    file.create_dataset(path, (2**25, 2**25), "float64", chunks=(2**10, 2**10), compression="gzip")


def _never_written(file, path):
    file.create_dataset(path, (2**20, 2**20), "float64")


def _many(file, path):
    for index in range(100):
        file.create_dataset(
            f"{path}{index}", (2**29 - 1,), "float64", chunks=(2**20,), compression="gzip"
        )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_gzip_bomb, "declare 9,007,199,254,74"),
        (_never_written, "and has 0"),
        (_many, "its datasets declare"),
    ],
    ids=["8-PiB", "8-TiB", "a-hundred"],
)
def test_sizes_beyond_the_file_are_refused(make, words, small, tmp_path):
    start = time.perf_counter()
    for error in _load_all(small, tmp_path, _replace(make)):
        assert isinstance(error, UnsafeFileError) and words in str(error)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("config", [{"units": 10**12}, {"units": 2**40}], ids=str)
def test_sizes_in_configs_are_compared_before_memory_is_taken(config, small, tmp_path):
    small.save_weights(tmp_path / "small.weights.h5")
    weights = (tmp_path / "small.weights.h5").read_bytes()
    path = archive(tmp_path / "big.keras", sequential(layer("Dense", **config)), weights)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(WeightMismatchError, match=r"\(4, 2\) in the file"):
        load_model(path)
    # In kB: some of it goes to compilation, none to terabytes of weights.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def _text(file, path):
    file.create_dataset(path, (4, 2), dtype=h5py.string_dtype())


def _references(file, path):
    file.create_dataset(path, (4, 2), dtype=h5py.ref_dtype)


def _compound(file, path):
    file.create_dataset(path, data=np.zeros((4, 2), [("a", "f4")]))


def _opaque(file, path):
    file.create_dataset(path, data=np.zeros((4, 2), "V4"))


def _empty(file, path):
    file.create_dataset(path, data=h5py.Empty("float32"))


@pytest.mark.parametrize("make", [_text, _references, _compound, _opaque, _empty])
def test_data_that_are_no_numbers(make, small, tmp_path):
    for error in _load_all(small, tmp_path, _replace(make)):
        assert "where numbers belong" in str(error) or "has shape () in the file" in str(error)


def test_an_unknown_filter(small, tmp_path):
    def make(file, path):
        file.create_dataset(path, data=np.zeros((4, 2), "float32"), compression="lzf")

    for error in _load_all(small, tmp_path, _replace(make)):
        assert "packed by an unknown filter" in str(error)


def _cycle(file):
    file["inner/again"] = file["/"] if "inner" in file else file.create_group("inner").parent


def _crowd(file):
    group = file.create_group("crowd")
    empty = group.create_group("0")
    for index in range(1, 100_001):
        group[str(index)] = empty


def _tower(file):
    file.create_group("/".join("abcdefgh" * 9))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_cycle, "linked to in more than one place"),
        (_crowd, "more than 100,000 objects"),
        (_tower, "more than 64 levels"),
    ],
    ids=["cycle", "crowd", "tower"],
)
def test_trees_without_an_end(edit, words, small, tmp_path):
    path = _edit(small, tmp_path, edit)
    start = time.perf_counter()
    with pytest.raises(UnsafeFileError, match=words):
        small.load_weights(path)
    assert time.perf_counter() - start < 5


def test_a_huge_config_in_the_older_format(tmp_path):
    path = tmp_path / "huge.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "x" * 50_000_000})
    start = time.perf_counter()
    with pytest.raises(CorruptFileError, match="Expected text of at most 33,554,432 bytes"):
        load_model(path)
    assert time.perf_counter() - start < 5


# Archives


def _zip(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5", "metadata.json"])
def test_members_that_unpack_to_far_more(member, small, tmp_path):
    small.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    members[member] = b" " * (200 * 2**20)
    path = _zip(tmp_path / "bomb.keras", members, zipfile.ZIP_DEFLATED)
    code = (
        "import sys, resource, deepkit\n"
        "usage = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"deepkit.saving.load_model({str(tmp_path / 'whole.keras')!r})\n"
        "before = usage()\n"
        f"try: deepkit.saving.load_model({str(path)!r})\n"
        "except deepkit.errors.UnsafeFileError as error: print(error, usage() - before)\n"
    )
    files = set(os.listdir(tmp_path))
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert f"'{member}' would unpack" in done.stdout, done.stderr
    assert int(done.stdout.split()[-1]) < 64 * 1024
    assert set(os.listdir(tmp_path)) == files


def test_a_member_that_nobody_asks_for_is_not_read(small, tmp_path):
    small.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    members["assets/bomb"] = b" " * (200 * 2**20)
    path = _zip(tmp_path / "bomb.keras", members, zipfile.ZIP_DEFLATED)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize(
    "name", ["../x", "/abs/x", "C:\\x", "a\\..\\..\\x", "assets/../../x", "C:/x"]
)
def test_members_outside_of_the_archive(name, small, tmp_path):
    small.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole:
        members = {member: whole.read(member) for member in whole.namelist()}
    path = _zip(tmp_path / "out.keras", {**members, name: b"payload"})
    files = set(os.listdir(tmp_path)), set(os.listdir(tmp_path.parent))
    for way in (load_model, small.load_weights):
        with pytest.raises(UnsafeFileError, match="lies outside of the archive"):
            way(path)
    assert (set(os.listdir(tmp_path)), set(os.listdir(tmp_path.parent))) == files


def test_a_member_that_is_a_link_is_only_text(small, tmp_path):
    small.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole:
        config = whole.read("config.json")
    link = zipfile.ZipInfo("model.weights.h5")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = tmp_path / "link.keras"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("config.json", config)
        out.writestr(link, "/etc/passwd")
    with WATCH(), pytest.raises(CorruptFileError, match="is no HDF5 file"):
        load_model(path)
    assert not WATCH.named("passwd")


def test_weights_of_another_kind(small, tmp_path):
    small.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(tmp_path / "whole.keras") as whole:
        config = whole.read("config.json")
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([object()]))
    path = _zip(
        tmp_path / "npz.keras", {"config.json": config, "model.weights.npz": buffer.getvalue()}
    )
    with WATCH(), pytest.raises(CorruptFileError, match="it has no 'model.weights.h5'"):
        load_model(path)
    assert not [event for event in WATCH.events if event[0] == "pickle.find_class"]
