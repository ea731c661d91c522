"""Paths of files of models and weights: their endings, and what may be read or replaced."""

import os
import pathlib
import warnings
from typing import Any

from deepkit.core.errors import ArgumentError, ArgumentTypeError
from deepkit.saving._errors import MissingFileError
from deepkit.saving._leftovers import formers_of

WEIGHTS_ENDING = ".weights.h5"
SHARDS_ENDING = ".weights.json"
SAFETENSORS_ENDING = ".safetensors"
WEIGHTS_ENDINGS = (WEIGHTS_ENDING, SHARDS_ENDING, SAFETENSORS_ENDING)
LEGACY_ENDINGS = (".h5", ".hdf5")
_FOLDER_MEMBERS = {"metadata.json", "config.json", "model.weights.h5", "assets"}


def local_path(filepath: Any) -> pathlib.Path:
    """A path on this machine, from what a user gave as one."""
    if not isinstance(filepath, str | os.PathLike):
        raise ArgumentTypeError(
            f"Expected `filepath` to be a path, received {filepath!r} of type "
            f"{type(filepath).__name__}."
        )
    if "://" in os.fspath(filepath):
        raise ArgumentError(
            f"Expected the path of a file on this machine, received '{filepath}'. Copy remote "
            f"files with the tools of their service."
        )
    return pathlib.Path(filepath)


def file_ending(path: pathlib.Path) -> str:
    """The ending of a path, which says the format; a folder has what a `.keras` file has.

    Raises:
        ArgumentError: it is that of no format.
    """
    if path.is_dir():
        return ".keras"
    for ending in (*WEIGHTS_ENDINGS, ".keras", *LEGACY_ENDINGS):
        if path.name.endswith(ending):
            return ending
    raise ArgumentError(
        f"Expected a path that ends in `.keras`, `.h5`, `.weights.h5`, `.weights.json` or "
        f"`.safetensors`, received '{path}'."
    )


def existing_file(filepath: Any) -> pathlib.Path:
    """The path of a file that is there."""
    path = local_path(filepath)
    if not path.exists():
        former = formers_of(path)
        hint = f" A save was cut off: rename '{former[0]}' to get the former one." if former else ""
        raise MissingFileError(f"There is no file '{path}'.{hint}")
    if path.is_dir() and not (path / "config.json").exists():
        raise ArgumentError(
            f"Expected a file, or a folder with a model, received the folder '{path}', which has "
            f"no 'config.json'."
        )
    return path


def check_overwrite(path: pathlib.Path, overwrite: bool) -> None:
    """Raise if something is at a path that may not be replaced."""
    if path.is_dir():
        raise ArgumentError(f"Expected the path of a file, received the folder '{path}'.")
    if not overwrite and path.exists():
        raise ArgumentError(
            f"The file '{path}' exists. Pass `overwrite=True` to replace it, or another path."
        )


def check_folder(path: pathlib.Path, overwrite: bool) -> None:
    """Raise unless a model may be written as a folder: all that is in it will be gone."""
    if path.suffix in (".keras", *LEGACY_ENDINGS):
        raise ArgumentError(
            f"Expected the path of a folder, with `zipped=False`, to have no ending of a file, "
            f"received '{path}'."
        )
    if not path.exists():
        return
    if not overwrite:
        raise ArgumentError(
            f"The folder '{path}' exists. Pass `overwrite=True` to replace it, or another path."
        )
    if not path.is_dir():
        raise ArgumentError(f"Expected the path of a folder, received the file '{path}'.")
    others = sorted(set(os.listdir(path)) - _FOLDER_MEMBERS)
    if others:
        raise ArgumentError(
            f"Expected '{path}' to be a new folder, or one with a model and nothing else: it is "
            f"replaced as a whole, and has {others[:5]} in it."
        )


def index_path(path: pathlib.Path) -> pathlib.Path:
    """The path of an index of several files; one that ends as a single file is changed."""
    if path.name.endswith(SHARDS_ENDING):
        return path
    if not path.name.endswith(WEIGHTS_ENDING):
        raise ArgumentError(
            f"Expected a path that ends in `{SHARDS_ENDING}` for weights in several files, "
            f"received '{path}'."
        )
    index = path.with_suffix(".json")
    warnings.warn(
        f"Weights in several files have an index that ends in `{SHARDS_ENDING}`: '{index}' is "
        f"written instead of '{path}'.",
        stacklevel=4,
    )
    return index
