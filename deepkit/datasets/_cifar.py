"""Reads the files of CIFAR-10 and CIFAR-100."""

import pathlib

import numpy as np

from deepkit.core import config
from deepkit.data import get_file

from ._pickled import read_pickle
from ._types import Part

_SOURCE = "https://www.cs.toronto.edu/~kriz/"


def fetch_folder(folder: str, archive: str, file_hash: str) -> pathlib.Path:
    """The folder that an archive of the authors unpacks to, downloaded if needed."""
    path = get_file(f"{folder}-target", _SOURCE + archive, extract=True, file_hash=file_hash)
    return pathlib.Path(path) / folder


def load_part(files: list[pathlib.Path], labels: str) -> Part:
    """Images in the layout of `image_data_format()`, and labels of shape `(images, 1)`."""
    batches = []
    for path in files:
        with path.open("rb") as file:
            batches.append(read_pickle(file, encoding="bytes"))
    x = np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32)
    y = np.concatenate([np.array(batch[labels.encode()], "uint8") for batch in batches])
    if config.image_data_format() == "channels_last":
        x = x.transpose(0, 2, 3, 1)
    return x, y[:, None]
