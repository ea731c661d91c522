"""Small files that ask for much are refused, in a child process whose memory is measured."""

import json
import os
import pathlib
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from tests.saving.crafted import WEIGHTS, archive, layer, older, sequential
from tests.saving.safety.entries import edited, replacing_kernel, small_model
from tests.saving.safety.headers import BOMBS, raw
from tests.saving.safety.rows import row

ROOT = pathlib.Path(__file__).parents[3]
# What a refusal may take besides the size of the file.
FREE_BYTES = 64 * 2**20


def _gzip_bomb(file, path):
    file.create_dataset(path, (2**25, 2**25), "float64", chunks=(2**10, 2**10), compression="gzip")


def _never_written(file, path):
    file.create_dataset(path, (2**20, 2**20), "float64")


def _many(file, path):
    for index in range(100):
        file.create_dataset(
            f"{path}{index}", (2**29 - 1,), "float64", chunks=(2**17,), compression="gzip"
        )


def _huge_chunk(file, path):
    file.create_dataset(
        path, (4, 2), "float32", maxshape=(None, None), chunks=(2**14, 2**14), compression="gzip"
    )


def _cycle(file):
    file["inner/again"] = file["/"] if "inner" in file else file.create_group("inner").parent


def _crowd(file):
    group = file.create_group("crowd")
    empty = group.create_group("0")
    for index in range(1, 31_000):
        group[str(index)] = empty


def _crowds(file):
    for index in range(5):
        _crowd_of(file.create_group(f"crowd{index}"), 7_000)


def _crowd_of(group, count):
    empty = h5py.h5g.create(group.id, None)
    for index in range(count):
        h5py.h5o.link(empty, group.id, str(index).encode())


def _tower(file):
    file.create_group("/".join("abcdefgh" * 9))


def _many_names(file):
    file.attrs["layer_names"] = [b"x%d" % index for index in range(3_000)]


HDF5 = {
    "8-PiB": (replacing_kernel(_gzip_bomb), "declare 9,007,199,254,74"),
    "8-TiB": (replacing_kernel(_never_written), "and has 0"),
    "a-hundred": (replacing_kernel(_many), "its datasets declare"),
    "a-chunk": (replacing_kernel(_huge_chunk), "is in chunks of 1,073,741,824"),
    "cycle": (_cycle, "linked to in more than one place"),
    "crowd": (_crowd, "more than 30,000 objects"),
    "crowds": (_crowds, "linked to in more than one place"),
    "tower": (_tower, "more than 64 levels"),
}
WAYS_OF = {
    ".weights.h5": ("load_weights",),
    ".weights.json": ("load_weights",),
    ".keras": ("load_weights", "load_model"),
    ".h5": ("load_weights", "load_model"),
    "": ("load_weights", "load_model"),  # a folder
}

CONFIGS = {
    "dense": [layer("Dense", units=10**12)],
    "dense compiled": [layer("Dense", units=10**12)],
    "embedding": [layer("Embedding", input_dim=2**40, output_dim=8)],
    "lstm": [layer("RepeatVector", n=3), layer("LSTM", units=10**9, name="lstm")],
    "gru": [layer("RepeatVector", n=3), layer("GRU", units=10**9, name="gru")],
    "repeat": [layer("RepeatVector", n=10**10), layer("Flatten", name="flat")],
    "pooling": [
        layer("RepeatVector", n=10**9),
        layer("AveragePooling1D", pool_size=2, padding="same", name="pool"),
    ],
    "adaptive": [
        layer("RepeatVector", n=3),
        layer("AdaptiveAveragePooling1D", output_size=10**9, name="pool"),
    ],
    "convolution": [
        layer("RepeatVector", n=3),
        layer("Conv1D", filters=10**12, kernel_size=1, name="c"),
    ],
    "attention": [
        layer("RepeatVector", n=3),
        layer("Dense", units=10**9, kernel_initializer="orthogonal", name="made too"),
    ],
    "normalization": [layer("BatchNormalization"), layer("Dense", units=10**11, name="d")],
    "initializer": [layer("Dense", units=10**12, kernel_initializer="identity")],
    "layers": [layer("ReLU", name=f"r{index}") for index in range(31_000)],
}


def _config(name):
    config = sequential(*CONFIGS[name])
    if name == "dense compiled":
        config["compile_config"] = {"optimizer": "adam", "loss": "mse"}
    return config


TEXTS = {
    "lists": b"[" + b"[]," * 800_000 + b"[]]",
    "numbers": b"[" + b"1.5," * 1_000_000 + b"1]",
    "dicts": b"[" + b'{"":0},' * 400_000 + b"0]",
    "texts": b'["' + b'","' * 1_000_000 + b'"]',
    "keys": b"{" + b",".join(b'"%d":0' % (i % 450_000) for i in range(450_001)) + b"}",
    "quotes": b'{"a":' + b"x" * 10**6 + b'"',
    "emoji": json.dumps("\U0001f600" + "x" * 2**23, ensure_ascii=False).encode(),
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "long number": b"[" + b"1" * 10**6 + b"]",
}


def _members(small, folder):
    small.save(folder / "whole.keras")
    with zipfile.ZipFile(folder / "whole.keras") as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def _zip(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def _npy_header(size):
    header = repr({"descr": "<f8", "fortran_order": False, "shape": (size,)}).encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def _archives(folder):
    """Archives that unpack to much more than they are."""
    members = _members(small_model(), folder)
    spaces = b" " * (48 * 2**20)
    for name in members:
        yield name, _zip(folder / f"bomb-{name}.keras", {**members, name: spaces}), "would unpack"
    unread = {**members, "assets/bomb": spaces}
    yield "unread", _zip(folder / "unread.keras", unread), None
    others = {"config.json": members["config.json"]}
    npy = {**others, "model.weights.npz": _npy_header(2**60), "a.npy": _npy_header(2**60)}
    yield "npy", _zip(folder / "npy.keras", npy), "it has no 'model.weights.h5'"
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = _zip(folder / f"method-{method}.keras", members, method)
        yield f"method {method}", path, "is packed by method"
    crowd = {**members, **{f"assets/{index:060}": b"" for index in range(40_000)}}
    yield "members", _zip(folder / "crowd.keras", crowd), "directory of members takes more than"
    zeros = {**others, WEIGHTS: b"\x89HDF\r\n\x1a\n" + b"\0" * (15 * 2**20)}
    yield "zeros", _zip(folder / "zeros.keras", zeros), "is truncated or damaged"


def _hdf5_jobs(folder):
    small = small_model()
    for name, (edit, words) in HDF5.items():
        for ending, ways in WAYS_OF.items():
            inner = folder / f"{name}{ending}"
            inner.mkdir()
            path = edited(small, inner, edit, ending)
            for way in ways:
                yield f"{name}{ending} {way}", way, path, words


def _config_jobs(folder):
    weights = folder / "small.weights.h5"
    small_model().save_weights(weights)
    for name in CONFIGS:
        config = _config(name)
        path = archive(folder / f"{name}.keras", config, weights.read_bytes())
        yield f"{name}.keras", "load_model", path, ""
        if name not in ("layers", "repeat", "pooling"):
            yield f"{name}.h5", "load_model", older(folder / f"{name}.h5", config), ""


def _text_jobs(folder):
    for name, text in TEXTS.items():
        path = folder / f"{name}.json"
        path.write_bytes(text)
        yield f"{name}.json", "model_from_json", path, "cannot be read"
        config = archive(folder / f"{name}.keras", text)
        yield f"{name}.keras", "load_model", config, "cannot be read"


def _attribute_jobs(folder):
    path = folder / "huge.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "x" * 50_000_000})
    yield "huge.h5", "load_model", path, "at most 33,558,432 are expected"
    path = folder / "names.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"x"] * 60_000, dtype="S1")
    yield "names.h5", "load_weights", path, "is too large"


def _header_jobs(folder):
    for name, (header, words) in BOMBS.items():
        path = raw(folder / f"{name}.safetensors", header)
        yield f"header {name}", "load_weights", path, words


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What became of all cases, which one child process goes through."""
    folder = tmp_path_factory.mktemp("sizes")
    jobs = {}
    for kind in (_hdf5_jobs, _config_jobs, _text_jobs, _attribute_jobs, _header_jobs):
        inner = folder / kind.__name__
        inner.mkdir()
        for name, *job in kind(inner):
            jobs[name] = job
    inner = folder / "archives"
    inner.mkdir()
    for name, path, words in _archives(inner):
        jobs[f"archive {name}"] = ["load_model", path, words]
    for name, (way, path, words) in list(jobs.items()):
        if way != "model_from_json":
            jobs[f"{name} inspect"] = ["inspect", path, words]
    files = {path for path, _, names in os.walk(folder) for path in names}
    orders = [[way, str(path)] for way, path, _ in jobs.values()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.saving.safety.child"],
        input=json.dumps(orders),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert {path for path, _, names in os.walk(folder) for path in names} == files
    found = json.loads(done.stdout)
    return {name: (job, result) for (name, job), result in zip(jobs.items(), found)}


def _parts_of(path):
    """The files that may be opened."""
    if path.is_dir():
        return [part for part in path.rglob("*") if part.is_file()]
    return list(path.parent.iterdir()) if path.name.endswith(".weights.json") else [path]


def _check(results, start):
    chosen = {name: both for name, both in results.items() if name.startswith(start)}
    assert chosen
    for name, ((way, path, words), result) in chosen.items():
        parts = _parts_of(path)
        size = sum(part.stat().st_size for part in parts)
        assert result["growth"] < FREE_BYTES + size, (name, result)
        assert not result["code"], (name, result)
        endings = (".h5", ".keras", ".safetensors", ".secret")
        models = [p for p in result["opened"] if p.endswith(endings)]
        assert set(models) <= set(map(str, parts)), (name, result)
        if words is None:
            assert result["error"].startswith("NoneType"), (name, result)
        elif way != "inspect":
            assert result["refused"] and words in result["error"], (name, result)


@row("S13")
def test_sizes_that_are_declared(results):
    _check(results, "8-PiB")
    _check(results, "8-TiB")
    _check(results, "a-chunk")


@row("S14")
def test_many_sizes_that_are_declared(results):
    _check(results, "a-hundred")


@pytest.mark.parametrize("name", CONFIGS)
@row("S15")
def test_sizes_in_configs(name, results):
    _check(results, f"{name}.")


@row("S16")
def test_archives_that_unpack_to_far_more(results):
    _check(results, "archive ")


@row("S20")
def test_trees_without_an_end(results):
    for name in ("cycle", "crowd", "crowds", "tower"):
        _check(results, name)


@row("S20")
def test_attributes_that_are_too_large(results):
    _check(results, "huge")
    _check(results, "names")


@pytest.mark.parametrize("name", TEXTS)
@row("S16", "S18")
def test_texts_that_take_more_in_memory(name, results):
    _check(results, f"{name}.json")
    _check(results, f"{name}.keras")


@row("S13", "S14", "S16", "S18", "S20")
def test_headers_that_ask_for_much(results):
    _check(results, "header ")
