"""Handwritten digits of 8x8 pixels, shipped with the package."""

import importlib.resources

import numpy as np

from ._types import Splits


def load_data() -> Splits:
    """Load 1,797 handwritten digits of 8x8 pixels; no network is needed.

    Use it to try things out: a small net learns it within seconds. Of each digit about a fifth is
    in the test part; the split is always the same.

    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49, CC BY 4.0.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images of shape `(1437, 8, 8)` and `(360, 8, 8)`
        with values from 0 to 16, and labels from 0 to 9; all of dtype uint8.

    Example:
        >>> import deepkit
        >>> (x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
        >>> x_train.shape, x_test.shape, int(x_train.max())
        ((1437, 8, 8), (360, 8, 8), 16)
    """
    file = importlib.resources.files("deepkit.datasets") / "data" / "digits.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        return (stored["x_train"], stored["y_train"]), (stored["x_test"], stored["y_test"])
