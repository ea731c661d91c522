"""Fetches the files of the data sets."""

import json
from typing import Any

import numpy as np

from deepkit.data import get_file

_STORAGE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(name: str, file_hash: str | None = None, path: str | None = None, **options: Any) -> str:
    """The path of a file of the data sets that Keras serves, downloaded if needed.

    Args:
        name: its name at the source.
        file_hash: SHA-256 or MD5.
        path: its name in the cache, if another.
        **options: for `get_file`.
    """
    return get_file(path or name, _STORAGE + name, file_hash=file_hash, **options)


def fetch_arrays(name: str, file_hash: str, path: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file that holds only numbers."""
    with np.load(fetch(name, file_hash, path), allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def fetch_json(name: str, file_hash: str, path: str) -> Any:
    """The content of a JSON file."""
    with open(fetch(name, file_hash, path), encoding="utf-8") as file:
        return json.load(file)
