"""Boston housing: prices of houses in the 1970s."""

from ._housing import check_test_split, shuffle_and_split
from ._sources import fetch_arrays
from ._types import Splits

_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Splits:
    """Load the Boston housing data, 506 districts with 13 features and the median price in k$.

    One of the features, "B", is built on the assumption that racial segregation raises prices. The
    data should serve only to study such problems; `california_housing` takes its place.

    Args:
        path: name of the file in the cache.
        test_split: fraction for testing.
        seed: seed of the shuffling before the split.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features of shape `(districts, 13)`, prices of shape
        `(districts,)`.

    Raises:
        ArgumentError: `test_split` lies outside of [0, 1).
        DownloadError: the file is not in the cache and could not be fetched.
    """
    check_test_split(test_split)
    arrays = fetch_arrays("boston_housing.npz", _HASH, path)
    return shuffle_and_split(arrays["x"], arrays["y"], test_split, seed)
