"""All ways by which a file or a config gets in: a new one is a line here."""

import dataclasses
import json
import pathlib
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import pytest

import deepkit
from deepkit.errors import (
    CorruptFileError,
    DataError,
    UnsafeFileError,
    WeightMismatchError,
)
from deepkit.models import model_from_json
from deepkit.saving import convert_file, deserialize_keras_object, inspect_file, load_model
from tests.saving.crafted import archive, older
from tests.saving.models import fill
from tests.saving.safety.watch import WATCH

# What "to refuse" means.
REFUSALS = (UnsafeFileError, CorruptFileError, WeightMismatchError, DataError)


@dataclasses.dataclass(frozen=True)
class Entry:
    """A way in.

    Attributes:
        name: for the names of tests.
        run: takes what the attacker made.
        only_looks: whether it makes nothing, so that it may describe what others refuse.
    """

    name: str
    run: Callable[..., Any]
    only_looks: bool = False

    def __str__(self) -> str:
        return self.name

    def refuse(self, *made: Any) -> BaseException | None:
        """Enter, watched; the refusal, or `None` of a way that only looks."""
        with WATCH():
            try:
                self.run(*made)
            except REFUSALS as refusal:
                return refusal
        if not self.only_looks:
            pytest.fail(f"{self.name} refused nothing")
        return None


def _folder(folder: pathlib.Path, config: Any) -> pathlib.Path:
    """A model that is a folder, of a config."""
    with zipfile.ZipFile(archive(folder / "members.keras", config)) as members:
        members.extractall(folder)
    return folder


def _from_config(config: dict[str, Any], folder: pathlib.Path) -> Any:
    cls = deepkit.Sequential if config["class_name"] == "Sequential" else deepkit.Model
    return cls.from_config(config["config"])


# Each takes the config of a model, and a folder to write files into.
CONFIG_ENTRIES = [
    Entry("load_model .keras", lambda c, folder: load_model(archive(folder / "a.keras", c))),
    Entry("load_model .h5", lambda c, folder: load_model(older(folder / "a.h5", c))),
    Entry("load_model folder", lambda c, folder: load_model(_folder(folder, c))),
    Entry("inspect .keras", lambda c, folder: inspect_file(archive(folder / "a.keras", c)), True),
    Entry("inspect .h5", lambda c, folder: inspect_file(older(folder / "a.h5", c)), True),
    Entry("model_from_json", lambda c, folder: model_from_json(json.dumps(c))),
    Entry("deserialize_keras_object", lambda c, folder: deserialize_keras_object(c)),
    Entry("layers.deserialize", lambda c, folder: deepkit.layers.deserialize(c)),
    Entry("from_config", _from_config),
]
every_config_entry = pytest.mark.parametrize("entry", CONFIG_ENTRIES, ids=str)


# The config of one object of a kind, by the kind's own function.
PARTS = (
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "activations",
    "initializers",
    "regularizers",
    "constraints",
    "dtype_policies",
)


def part_entries() -> list[Entry]:
    """`deserialize` of all kinds of objects, and the one for any object."""
    found = [Entry("saving.deserialize_keras_object", deserialize_keras_object)]
    for part in PARTS:
        module = deepkit
        for step in part.split("."):
            module = getattr(module, step)
        found.append(Entry(f"{part}.deserialize", module.deserialize))
    return found


every_part_entry = pytest.mark.parametrize("entry", part_entries(), ids=str)

# The ending of a file with weights (a folder has none), and a way that reads it, given a model
# that it fits.
ENDINGS = (".weights.h5", ".weights.json", ".keras", ".h5", "")
WEIGHT_ENTRIES = [
    *(
        (e, Entry(f"load_weights {e}", lambda model, path: model.load_weights(path)))
        for e in ENDINGS
    ),
    *((e, Entry(f"inspect {e}", lambda model, path: inspect_file(path), True)) for e in ENDINGS),
    (".h5", Entry("by name .h5", lambda model, path: model.load_weights(path, by_name=True))),
    (".keras", Entry("load_model .keras", lambda model, path: load_model(path))),
    (".h5", Entry("load_model .h5", lambda model, path: load_model(path))),
    ("", Entry("load_model folder", lambda model, path: load_model(path))),
]
every_weight_entry = pytest.mark.parametrize(
    ("ending", "entry"), WEIGHT_ENTRIES, ids=[str(entry) for _, entry in WEIGHT_ENTRIES]
)

# Ways by which a `.safetensors` file gets in, given a model that it fits.
SAFETENSORS_ENTRIES = [
    Entry("load_weights .safetensors", lambda model, path: model.load_weights(path)),
    Entry("load_weights_from .safetensors", lambda model, path: model.load_weights_from(path)),
    Entry(
        "convert .safetensors",
        lambda model, path: convert_file(path, path.with_name("made.weights.h5")),
    ),
    Entry("inspect .safetensors", lambda model, path: inspect_file(path)),
]
every_safetensors_entry = pytest.mark.parametrize("entry", SAFETENSORS_ENTRIES, ids=str)


def small_model() -> Any:
    """The model that the files of this folder hold, before they are changed."""
    return fill(deepkit.Sequential([deepkit.Input((4,)), deepkit.layers.Dense(2, name="dense")]))


def edited(model: Any, folder: pathlib.Path, edit: Callable[..., Any], ending: str) -> pathlib.Path:
    """A file or folder of a model, changed; the manifest is taken out, as an attacker would."""
    path = folder / f"edited{ending}"
    if ending == ".h5":
        model.save(path)
        _edit(path, edit)
    elif ending == ".weights.h5":
        model.save_weights(path)
        _edit(path, edit)
    elif ending == ".weights.json":
        model.save_weights(path, max_shard_size=1)
        index = json.loads(path.read_text())
        del index["deepkit_manifest"]
        path.write_text(json.dumps(index))
        _edit(next(folder.glob("edited_*_00000.weights.h5")), edit)
    elif ending == ".keras":
        weights = edited(model, folder, edit, ".weights.h5")
        model.save(path)
        with zipfile.ZipFile(path) as whole:
            config = whole.read("config.json")
        archive(path, config, weights.read_bytes())
        weights.unlink()
    else:
        model.save(path, zipped=False)
        (path / "metadata.json").write_text(json.dumps({"keras_version": "3.15.1"}))
        _edit(path / "model.weights.h5", edit)
    return path


def _edit(path: pathlib.Path, edit: Callable[..., Any]) -> None:
    with h5py.File(path, "r+") as file:
        del file["deepkit_manifest"]
        edit(file)


def kernel_path(file: h5py.File) -> str:
    """The path of the kernel in a file of any format."""
    paths: list[str] = []
    file.visititems(
        lambda name, item: paths.append(name) if isinstance(item, h5py.Dataset) else None
    )
    return next(path for path in paths if file[path].shape == (4, 2))


def replacing_kernel(make: Callable[[h5py.File, str], Any]) -> Callable[[h5py.File], None]:
    """Puts something else where the kernel is."""

    def edit(file: h5py.File) -> None:
        path = kernel_path(file)
        del file[path]
        make(file, path)

    return edit
