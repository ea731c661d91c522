"""California housing: prices of houses in 1990."""

from deepkit.core.errors import ArgumentError

from ._housing import check_test_split, shuffle_and_split
from ._sources import fetch_arrays
from ._types import Splits

_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL = 600


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Splits:
    """Load the California housing data: 20,640 districts with 8 features and the median price.

    R. K. Pace and R. Barry, Sparse Spatial Autoregressions, Statistics and Probability Letters 33
    (1997). The features are longitude, latitude, median age of the houses, rooms, bedrooms,
    inhabitants, households, and median income.

    Args:
        version: `"large"`, or `"small"` for the first 600 districts.
        path: name of the file in the cache.
        test_split: fraction for testing.
        seed: seed of the shuffling before the split.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features of shape `(districts, 8)`, prices in $ of
        shape `(districts,)`.

    Raises:
        ArgumentError: `version` is neither, or `test_split` lies outside of [0, 1).
        DownloadError: the file is not in the cache and could not be fetched.
    """
    check_test_split(test_split)
    if version not in ("large", "small"):
        raise ArgumentError(f"Expected `version` to be 'large' or 'small', received {version!r}.")
    arrays = fetch_arrays("california_housing.npz", _HASH, path)
    rows = slice(_SMALL if version == "small" else None)
    return shuffle_and_split(arrays["x"][rows], arrays["y"][rows], test_split, seed)
