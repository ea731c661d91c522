"""CIFAR-100: small photographs in a hundred classes."""

from deepkit.core.errors import ArgumentError

from ._cifar import fetch_folder, load_part
from ._types import Splits

_HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Splits:
    """Load CIFAR-100, 60,000 colour photographs of 32x32 pixels.

    A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009,
    https://www.cs.toronto.edu/~kriz/cifar.html.

    Args:
        label_mode: `"fine"` for 100 classes, `"coarse"` for the 20 that they belong to.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images of shape `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)` with values from 0 to 255 (channels first if `image_data_format()` says
        so), and labels of shape `(50000, 1)` and `(10000, 1)`; all of dtype uint8.

    Raises:
        ArgumentError: `label_mode` is neither.
        DownloadError: the file is not in the cache and could not be fetched.
    """
    if label_mode not in ("fine", "coarse"):
        raise ArgumentError(
            f"Expected `label_mode` to be 'fine' or 'coarse', received {label_mode!r}."
        )
    folder = fetch_folder("cifar-100-python", "cifar-100-python.tar.gz", _HASH)
    labels = f"{label_mode}_labels"
    return load_part([folder / "train"], labels), load_part([folder / "test"], labels)
