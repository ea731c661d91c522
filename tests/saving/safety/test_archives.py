"""Archives: nothing lies outside of them, and what they hold is unambiguous."""

import json
import os
import zipfile

import pytest

from deepkit.errors import ConfigError, CorruptFileError, SerializationError, UnsafeFileError
from deepkit.models import model_from_json
from deepkit.saving import inspect_file, load_model
from tests.saving.crafted import archive, layer, sequential
from tests.saving.safety.entries import every_config_entry
from tests.saving.safety.rows import row
from tests.saving.safety.watch import WATCH


def _members(small, folder):
    small.save(folder / "whole.keras")
    with zipfile.ZipFile(folder / "whole.keras") as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def _zip(path, members):
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


OUTSIDE = ["../x", "/abs/x", "C:\\x", "a\\..\\..\\x", "assets/../../x", "C:/x", "\\\\host\\x", ".."]


@pytest.mark.parametrize("name", OUTSIDE)
@row("S17")
def test_members_outside_of_the_archive(name, small, tmp_path):
    path = _zip(tmp_path / "out.keras", {**_members(small, tmp_path), name: b"payload"})
    files = set(os.listdir(tmp_path)), set(os.listdir(tmp_path.parent))
    for way in (load_model, small.load_weights, inspect_file):
        with WATCH(), pytest.raises(UnsafeFileError, match="lies outside of the archive"):
            way(path)
    assert (set(os.listdir(tmp_path)), set(os.listdir(tmp_path.parent))) == files


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5", "metadata.json"])
@row("S17", "S22")
def test_a_member_that_is_a_link_is_only_text(member, small, tmp_path):
    members = _members(small, tmp_path)
    link = zipfile.ZipInfo(member)
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = tmp_path / "link.keras"
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            out.writestr(
                link if name == member else name, "/etc/passwd" if name == member else data
            )
    ways = (
        load_model,
        *([small.load_weights] if member == "model.weights.h5" else []),
        inspect_file,
    )
    for way in ways:
        with WATCH(), pytest.raises(CorruptFileError, match="is no HDF5 file|cannot be read"):
            way(path)
        assert not WATCH.named("passwd")


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "metadata.json"])
@row("S18")
def test_two_members_of_one_name(name, small, tmp_path):
    path = _zip(tmp_path / "two.keras", _members(small, tmp_path))
    with zipfile.ZipFile(path, "a") as out, pytest.warns(UserWarning, match="Duplicate name"):
        out.writestr(name, b"{}")
    for way in (load_model, small.load_weights, inspect_file):
        with pytest.raises(CorruptFileError, match="members with different names"):
            way(path)


@row("S18")
def test_a_member_whose_two_headers_differ(small, tmp_path):
    """The directory says one thing, and what lies in front of the content another."""
    path = _zip(tmp_path / "odd.keras", _members(small, tmp_path))
    data = path.read_bytes()
    first = data.index(b"model.weights.h5")
    path.write_bytes(data[:first] + b"model.weighsts.5" + data[first + 16 :])
    for way in (load_model, small.load_weights):
        with pytest.raises(CorruptFileError, match="is damaged"):
            way(path)


FAULTY_TEXTS = {
    "twice": ('{"a": 1, "a": 2}', "the key 'a' appears twice"),
    "twice inside": ('{"a": {"b": 1, "b": 2}}', "the key 'b' appears twice"),
    "nan": ('{"a": NaN}', "it holds NaN"),
    "lists": ("[" * 200_000 + "]" * 200_000, "at most 256 nested brackets"),
    "dicts": ('{"a":' * 90_000 + "1" + "}" * 90_000, "at most 256 nested brackets"),
    "unclosed": ("[" * 100_000, "at most 256 nested brackets"),
    "closed": ("]" * 100_000, "cannot be read"),
    "cut": ('{"class_name": "Seq', "cannot be read"),
    "nothing": ("", "cannot be read"),
    "words": ("import os", "cannot be read"),
    "yaml": ("!!python/object/apply:os.system ['true']", "cannot be read"),
}


@pytest.mark.parametrize("kind", FAULTY_TEXTS)
@row("S18")
def test_texts_that_are_no_configs(kind, tmp_path):
    text, words = FAULTY_TEXTS[kind]
    path = archive(tmp_path / "a.keras", text.encode())
    for way in (lambda: model_from_json(text), lambda: load_model(path)):
        with WATCH(), pytest.raises(CorruptFileError, match=words):
            way()
        assert not WATCH.code()


NO_NUMBERS = [float("inf"), -1, 0, 2.5, "4", None, [], {}, True, "x" * 10**6]


@every_config_entry
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: str(value)[:9])
@row("S18")
def test_what_is_no_size(value, entry, tmp_path):
    refusal = entry.refuse(sequential(layer("Dense", units=value)), tmp_path)
    assert entry.only_looks or len(str(refusal)) < 3000


@row("S18")
def test_what_cannot_be_read_again_is_not_written(small, tmp_path):
    path = tmp_path / "nan.keras"
    small.name = "chain"
    small.layers[0].get_config = lambda: {"name": "dense", "units": float("nan")}
    with pytest.raises(SerializationError, match="it holds NaN, which is no number"):
        small.save(path)
    assert not path.exists()


@every_config_entry
@row("S18")
def test_configs_of_wrong_forms(entry, tmp_path):
    place = {"class_name": "__keras_tensor__", "config": {"keras_history": ["gone", 0, 0]}}
    for broken in (
        {"layers": 3},
        {"layers": [3]},
        {"layers": [[]]},
        {"layers": [{"class_name": "Dense"}]},
        {"layers": [{"class_name": "Dense", "config": 3}]},
        {"layers": [{"config": {}}]},
        {"layers": {"a": 1}},
        {"name": 3, "layers": []},
        {"name": "x" * 10**6, "layers": [3]},
        {"layers": [], "input_layers": [], "output_layers": [["x", 0, 0]]},
        {"layers": [], "input_layers": [["x"]], "output_layers": 3},
        {"layers": [{**layer("Dense", units=1), "inbound_nodes": [{"args": [place]}]}],
         "input_layers": [], "output_layers": []},
        {"layers": [{**layer("Dense", units=1), "inbound_nodes": [[["made", 0, 0, {}]]]}],
         "input_layers": [], "output_layers": []},
        {"layers": [{**layer("Dense", units=1), "inbound_nodes": 3}],
         "input_layers": [], "output_layers": []},
    ):  # fmt: skip
        for name in ("Sequential", "Functional"):
            config = {"module": "keras", "class_name": name, "config": broken}
            if name == "Functional" and "input_layers" not in broken:
                continue
            if name == "Sequential" and "input_layers" in broken:
                continue
            entry.refuse(config, tmp_path)


@row("S18")
def test_an_infinite_number_is_one(tmp_path):
    config = sequential(layer("ReLU", max_value=float("inf")))
    model = model_from_json(json.dumps(config))
    assert model.layers[0].max_value == float("inf")
    with pytest.raises(ConfigError):
        model_from_json(json.dumps(sequential(layer("Dense", units=float("inf")))))
