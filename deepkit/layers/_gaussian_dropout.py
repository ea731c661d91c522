"""GaussianDropout: multiplicative noise around one."""

import math
from typing import Any

from deepkit import random
from deepkit.layers._arguments import check_rate
from deepkit.layers._layer import Layer


class GaussianDropout(Layer):
    """Multiply the inputs by Gaussian noise around 1 in training.

    The noise has the standard deviation `sqrt(rate / (1 - rate))`, that of dropout
    (Srivastava et al., 2014, JMLR 15).

    Args:
        rate: as in `Dropout`, from 0 to below 1.
        seed: an integer for the same noise each time the program runs.

    Raises:
        ArgumentError: `rate` is no number from 0 to 1.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.GaussianDropout(0.2)
        >>> layer(deepkit.ops.ones((2,))).tolist()
        [1.0, 1.0]
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = check_rate("rate", rate, self)
        self.seed = seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        noise = random.normal(
            inputs.shape,
            mean=1.0,
            stddev=math.sqrt(self.rate / (1 - self.rate)),
            dtype=inputs.dtype,
            seed=self.seed_generator,
        )
        return inputs * noise

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
