"""Fashion-MNIST: pieces of clothing."""

import gzip
import math
import os

import numpy as np

from deepkit.core.errors import CorruptFileError

from ._sources import fetch
from ._types import Part, Splits

_FOLDER = os.path.join("datasets", "fashion-mnist")
_SIZE = (28, 28)


def load_data() -> Splits:
    """Load Fashion-MNIST, 70,000 grey images of clothing of 28x28 pixels, as a harder MNIST.

    The labels mean: 0 T-shirt or top, 1 trousers, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt,
    7 sneaker, 8 bag, 9 ankle boot.

    H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, https://arxiv.org/abs/1708.07747, MIT licence.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images of shape `(60000, 28, 28)` and
        `(10000, 28, 28)` with values from 0 to 255, and labels from 0 to 9; all of dtype uint8.

    Raises:
        DownloadError: a file is not in the cache and could not be fetched.
        CorruptFileError: a file does not hold what it should.
    """
    return _load_part("train", 60000), _load_part("t10k", 10000)


def _load_part(name: str, count: int) -> Part:
    images = _read_idx(f"{name}-images-idx3-ubyte.gz", (count, *_SIZE))
    return images, _read_idx(f"{name}-labels-idx1-ubyte.gz", (count,))


def _read_idx(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Bytes in the IDX format: zeros, type 8, rank, sizes as big-endian integers, values."""
    path = fetch(name, cache_subdir=_FOLDER)
    expected = np.array([0x800 + len(shape), *shape], ">u4").tobytes()
    size = len(expected) + math.prod(shape)
    try:
        with gzip.open(path) as file:
            content = file.read(size + 1)
    except (OSError, EOFError) as error:
        raise CorruptFileError(f"Expected a gzip file at {path!r}: {error}. Delete it.") from error
    if len(content) != size or not content.startswith(expected):
        raise CorruptFileError(f"Expected bytes of shape {shape} in {path!r}. Delete the file.")
    return np.frombuffer(content, np.uint8, offset=len(expected)).reshape(shape).copy()
