"""Normal and truncated normal initializers."""

from typing import Any

import jax

from deepkit import random

from ._base import RandomInitializer, number


class _Bell(RandomInitializer):
    """Abstract base of the two: holds mean and standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean = number(mean, "mean")
        self.stddev = number(stddev, "stddev")
        super().__init__(seed=seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomNormal(_Bell):
    """Values from a normal distribution.

    Args:
        mean: mean of the distribution.
        stddev: its standard deviation.
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.

    Raises:
        ArgumentError: `mean` or `stddev` is not a number.
        ArgumentTypeError: `seed` is of another type.

    Example:
        >>> import deepkit
        >>> deepkit.initializers.RandomNormal(stddev=1.0, seed=1)((2, 3)).shape
        (2, 3)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """Values of the given shape and floating dtype."""
        return random.normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)


class TruncatedNormal(_Bell):
    """Values from a normal distribution cut off at two standard deviations.

    Args:
        mean: mean of the distribution.
        stddev: its standard deviation before it is cut.
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.

    Raises:
        ArgumentError: `mean` or `stddev` is not a number.
        ArgumentTypeError: `seed` is of another type.

    Example:
        >>> import deepkit
        >>> values = deepkit.initializers.TruncatedNormal(stddev=1.0, seed=1)((100,))
        >>> bool(abs(values).max() <= 2.0)
        True
    """

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """Values of the given shape and floating dtype."""
        return random.truncated_normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)
