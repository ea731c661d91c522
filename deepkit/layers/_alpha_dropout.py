"""AlphaDropout: dropout that keeps mean and variance, for self-normalizing nets."""

from typing import Any

import jax.numpy as jnp

from deepkit import random
from deepkit.layers._arguments import check_rate
from deepkit.layers._dropout import full_noise_shape
from deepkit.layers._layer import Layer

_ALPHA = 1.6732632423543772
_SCALE = 1.0507009873554805


class AlphaDropout(Layer):
    """Set a random part of the inputs to the limit of `selu`, keeping mean and variance.

    With `d = -alpha * scale` of `selu`, the result is `a * where(kept, x, d) + b`, with
    `a = ((1 - rate) * (1 + rate * d**2)) ** -0.5` and `b = -a * d * rate`
    (Klambauer et al., 2017, arXiv:1706.02515).

    Args:
        rate: the part that is dropped, from 0 to 1.
        noise_shape: the shape of the mask, which is broadcast.
        seed: an integer for the same masks each time the program runs.

    Raises:
        ArgumentError: `rate` is no number from 0 to 1.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.AlphaDropout(0.2)
        >>> layer(deepkit.ops.ones((2,))).tolist()
        [1.0, 1.0]
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = check_rate("rate", rate, self)
        self.seed = seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        shape = full_noise_shape(self.noise_shape, inputs) or inputs.shape
        kept = random.uniform(shape, seed=self.seed_generator) >= self.rate
        limit = -_ALPHA * _SCALE
        a = ((1 - self.rate) * (1 + self.rate * limit**2)) ** -0.5
        b = -a * limit * self.rate
        return a * jnp.where(kept, inputs, jnp.asarray(limit, inputs.dtype)) + b

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }
