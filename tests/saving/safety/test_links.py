"""Data in other files are not read, and no path leads out of a file."""

import os
import threading

import h5py
import numpy as np
import pytest

from deepkit.errors import CorruptFileError, UnsafeFileError
from deepkit.saving import inspect_file, load_model
from tests.saving.safety.entries import edited, every_weight_entry, replacing_kernel
from tests.saving.safety.entries import kernel_path as _kernel
from tests.saving.safety.rows import row
from tests.saving.safety.watch import WATCH


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


def _refused(model, folder, edit, ending, entry):
    path = edited(model, folder, edit, ending)
    before = [np.asarray(v) for v in model.weights]
    refusal = entry.refuse(model, path)
    for weight, value in zip(model.weights, before):
        np.testing.assert_array_equal(weight, value)
    assert not WATCH.named("victim")
    return refusal


@every_weight_entry
@pytest.mark.parametrize("place", ["root", "middle", "end"])
@pytest.mark.parametrize("kind", ["external", "soft", "dangling"])
@row("S10")
def test_links_are_refused(kind, place, ending, entry, small, victim, tmp_path):
    def edit(file):
        path = _kernel(file)
        spot = {"root": "extra", "middle": path.split("/")[0], "end": path}[place]
        if spot in file:
            file["kept"] = file[spot]
            del file[spot]
        file[spot] = {
            "external": h5py.ExternalLink(str(victim), "/secret"),
            "soft": h5py.SoftLink("/kept" if "kept" in file else "/"),
            "dangling": h5py.SoftLink("/nowhere"),
        }[kind]

    refusal = _refused(small, tmp_path, edit, ending, entry)
    assert isinstance(refusal, UnsafeFileError) and "to somewhere else" in str(refusal)


def _external(file, path):
    file.create_dataset(path, (4, 2), "float32", external=[(f"{file.filename}.secret", 0, 32)])


def _virtual(file, path):
    layout = h5py.VirtualLayout((4, 2), "float32")
    layout[:] = h5py.VirtualSource("victim.h5", "secret", (4, 2))
    file.create_virtual_dataset(path, layout)


@every_weight_entry
@pytest.mark.parametrize(
    ("make", "words"),
    [(_external, "lie in another file"), (_virtual, "parts of other files")],
    ids=["external", "virtual"],
)
@row("S11")
def test_data_in_other_files_are_refused(make, words, ending, entry, small, victim, tmp_path):
    refusal = _refused(small, tmp_path, replacing_kernel(make), ending, entry)
    assert isinstance(refusal, UnsafeFileError) and words in str(refusal)


LEADING_ELSEWHERE = [
    "ext/kernel",
    "../x",
    "/abs",
    "",
    "a//b",
    "model_weights",
    ".",
    "..",
    "x" * 10_000,
]


@pytest.mark.parametrize("name", LEADING_ELSEWHERE, ids=lambda name: name[:12])
@pytest.mark.parametrize("attribute", ["weight_names", "layer_names"])
@row("S12")
def test_names_of_weights_that_lead_elsewhere(attribute, name, small, victim, tmp_path):
    def edit(file):
        group = file["model_weights"]
        if attribute == "layer_names":
            group.attrs[attribute] = [name.encode()]
        else:
            group["dense"].attrs[attribute] = [name.encode(), b"y"]

    path = edited(small, tmp_path, edit, ".h5")
    ways = (small.load_weights, load_model, lambda p: small.load_weights(p, by_name=True))
    for way in ways:
        with WATCH(), pytest.raises(CorruptFileError, match="not there"):
            way(path)
        assert not WATCH.named("victim")


@row("S12")
def test_names_that_are_listed_twice(small, tmp_path):
    def edit(file):
        names = file["model_weights/dense"].attrs["weight_names"]
        file["model_weights/dense"].attrs["weight_names"] = [names[0], names[0]]

    with pytest.raises(CorruptFileError, match="lists a name twice"):
        small.load_weights(edited(small, tmp_path, edit, ".h5"))


@pytest.mark.parametrize("ending", [".h5", ".weights.h5"])
@row("S10")
def test_a_link_whose_name_is_a_path(ending, small, tmp_path):
    """HDF5 itself makes no such names, but a file can have them: here bytes are changed."""
    path = edited(small, tmp_path, lambda file: file.create_group("outer_inner"), ending)
    data = path.read_bytes()
    assert data.count(b"outer_inner") == 1
    path.write_bytes(data.replace(b"outer_inner", b"outer/inner"))
    with pytest.raises(UnsafeFileError, match="'outer/inner', which is a path"):
        small.load_weights(path)


def _text(file, path):
    file.create_dataset(path, (4, 2), dtype=h5py.string_dtype())


def _references(file, path):
    file.create_dataset(path, (4, 2), dtype=h5py.ref_dtype)


def _compound(file, path):
    file.create_dataset(path, data=np.zeros((4, 2), [("a", "f4")]))


def _pair(file, path):
    file.create_dataset(path, data=np.zeros((4, 2), [("a", "f4"), ("b", "f4")]))


def _sequences(file, path):
    file.create_dataset(path, (4, 2), dtype=h5py.vlen_dtype("float32"))


def _arrays(file, path):
    file.create_dataset(path, (4, 2), dtype=np.dtype("(3,)f4"))


def _opaque(file, path):
    file.create_dataset(path, data=np.zeros((4, 2), "V4"))


def _named_opaque(file, path):
    file.create_dataset(path, data=np.zeros((4, 2), "V2")).attrs["dtype"] = ["bfloat16"] * 1000


def _enumeration(file, path):
    file.create_dataset(path, (4, 2), dtype=h5py.enum_dtype({"a": 0, "b": 1, "c": 2}))


def _empty(file, path):
    file.create_dataset(path, data=h5py.Empty("float32"))


NO_NUMBERS = [_text, _references, _compound, _pair, _sequences, _arrays, _opaque, _named_opaque,
              _enumeration, _empty]  # fmt: skip


@every_weight_entry
@pytest.mark.parametrize("make", NO_NUMBERS)
@row("S19")
def test_data_that_are_no_numbers(make, ending, entry, small, tmp_path):
    refusal = _refused(small, tmp_path, replacing_kernel(make), ending, entry)
    words = ("where numbers belong", "has shape () in the file", "has shape (4, 2, 3) in the file")
    assert entry.only_looks or any(text in str(refusal) for text in words)


@every_weight_entry
@row("S19")
def test_an_unknown_filter(ending, entry, small, tmp_path):
    def make(file, path):
        file.create_dataset(path, data=np.zeros((4, 2), "float32"), compression="lzf")

    refusal = _refused(small, tmp_path, replacing_kernel(make), ending, entry)
    assert "packed by an unknown filter" in str(refusal)


@pytest.mark.parametrize("member", ["config.json", "metadata.json", "model.weights.h5", "assets"])
@row("S22")
def test_folders_with_links_are_refused(member, small, tmp_path):
    """A model as a folder, a part of which is a link to the same part elsewhere."""
    folder, secret = tmp_path / "model", tmp_path / "secret_file"
    small.save(folder, zipped=False)
    if member == "assets":
        secret.mkdir()
    else:
        (folder / member).rename(secret)
    (folder / member).symlink_to(secret)
    for way in (load_model, small.load_weights, inspect_file):
        with WATCH(), pytest.raises(UnsafeFileError, match="is a link or no file"):
            way(folder)
        assert not WATCH.named("secret_file")


@row("S22")
def test_shards_that_are_links_are_refused(small, tmp_path):
    index, secret = tmp_path / "a.weights.json", tmp_path / "secret_file"
    small.save_weights(index, max_shard_size=1)
    shard = next(tmp_path.glob("a_*_00000.weights.h5"))
    shard.rename(secret)
    shard.symlink_to(secret)
    for way in (small.load_weights, inspect_file):
        with WATCH(), pytest.raises(UnsafeFileError, match="is a link or no file"):
            way(index)
        assert not WATCH.named("secret_file")
