"""Dropout: random zeros in training."""

from typing import Any

from deepkit import random
from deepkit.layers._arguments import check_rate
from deepkit.layers._layer import Layer


class Dropout(Layer):
    """Set a random part of the inputs to 0 in training, and scale the rest so that the sum stays.

    An element is kept with probability `1 - rate` and then multiplied by `1 / (1 - rate)`
    (Srivastava et al., 2014, JMLR 15). Outside of training the inputs pass as they are.

    Args:
        rate: the part that is dropped, from 0 to 1.
        noise_shape: the shape of the mask, which is broadcast; `None` in it stands for the size of
            the inputs. `(None, 1, None)` drops whole features of sequences.
        seed: an integer for the same masks each time the program runs.

    Call arguments:
        inputs: a tensor.
        training: whether to drop.

    Raises:
        ArgumentError: `rate` is no number from 0 to 1.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Dropout(0.5, seed=0)
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
        return random.dropout(
            inputs,
            self.rate,
            noise_shape=full_noise_shape(self.noise_shape, inputs),
            seed=self.seed_generator,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }


def full_noise_shape(noise_shape: tuple[int | None, ...] | None, inputs: Any) -> Any:
    """The shape of a mask, with the sizes of the inputs where it says `None`."""
    if noise_shape is None:
        return None
    return tuple(real if size is None else size for size, real in zip(noise_shape, inputs.shape))
