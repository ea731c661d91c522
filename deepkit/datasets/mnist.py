"""MNIST: handwritten digits."""

from ._sources import fetch_arrays
from ._types import Splits

_HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Splits:
    """Load MNIST, 70,000 grey images of handwritten digits of 28x28 pixels.

    Y. LeCun and C. Cortes, http://yann.lecun.com/exdb/mnist/, CC BY-SA 3.0.

    Args:
        path: name of the file in the cache.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images of shape `(60000, 28, 28)` and
        `(10000, 28, 28)` with values from 0 to 255, and labels from 0 to 9; all of dtype uint8.

    Raises:
        DownloadError: the file is not in the cache and could not be fetched.
    """
    arrays = fetch_arrays("mnist.npz", _HASH, path)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
