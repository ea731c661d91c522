"""The uniform initializer."""

from typing import Any

import jax

from deepkit import random

from ._base import RandomInitializer, number


class RandomUniform(RandomInitializer):
    """Values spread evenly over `[minval, maxval)`.

    Args:
        minval: lowest value.
        maxval: upper bound, not drawn itself.
        seed: an integer or `None` for the same values in every call, or a `SeedGenerator` for new
            ones.

    Raises:
        ArgumentError: `minval` or `maxval` is not a number.
        ArgumentTypeError: `seed` is of another type.

    Example:
        >>> import deepkit
        >>> values = deepkit.initializers.RandomUniform(0.0, 1.0, seed=1)((100,))
        >>> bool(values.min() >= 0.0), bool(values.max() < 1.0)
        (True, True)
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval = number(minval, "minval")
        self.maxval = number(maxval, "maxval")
        super().__init__(seed=seed)

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """Values of the given shape and floating dtype."""
        return random.uniform(shape, self.minval, self.maxval, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}
