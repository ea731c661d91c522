"""CIFAR-10: small photographs in ten classes."""

from ._cifar import fetch_folder, load_part
from ._types import Splits

_HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> Splits:
    """Load CIFAR-10, 60,000 colour photographs of 32x32 pixels.

    The labels mean: 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse,
    8 ship, 9 truck.

    A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009,
    https://www.cs.toronto.edu/~kriz/cifar.html.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images of shape `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)` with values from 0 to 255 (channels first if `image_data_format()` says
        so), and labels of shape `(50000, 1)` and `(10000, 1)`; all of dtype uint8.

    Raises:
        DownloadError: the file is not in the cache and could not be fetched.
    """
    folder = fetch_folder("cifar-10-batches-py", "cifar-10-python.tar.gz", _HASH)
    train = [folder / f"data_batch_{i}" for i in range(1, 6)]
    return load_part(train, "labels"), load_part([folder / "test_batch"], "labels")
