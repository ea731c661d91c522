"""GaussianNoise: additive noise around zero."""

from typing import Any

from deepkit import random
from deepkit.core.errors import ArgumentError
from deepkit.layers._layer import Layer


class GaussianNoise(Layer):
    """Add Gaussian noise around 0 to the inputs in training.

    Args:
        stddev: the standard deviation of the noise.
        seed: an integer for the same noise each time the program runs.

    Raises:
        ArgumentError: `stddev` is negative.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.GaussianNoise(0.1)
        >>> layer(deepkit.ops.ones((2,))).tolist()
        [1.0, 1.0]
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(stddev, bool) or not isinstance(stddev, int | float) or stddev < 0:
            raise ArgumentError(
                f"Expected `stddev` of the layer '{self.name}' to be a number of at least 0, "
                f"received {stddev!r}."
            )
        self.stddev = stddev
        self.seed = seed
        if stddev > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(
            inputs.shape, stddev=self.stddev, dtype=inputs.dtype, seed=self.seed_generator
        )
        return inputs + noise

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
