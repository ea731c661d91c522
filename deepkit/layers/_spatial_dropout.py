"""SpatialDropout: whole feature maps are dropped."""

from typing import Any

from deepkit import random
from deepkit.core import config
from deepkit.layers._arguments import check_rate
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer


class SpatialDropout(Layer):
    """Base of layers that drop whole feature maps: one decision for all places of a channel.

    Args:
        rank: the number of spatial axes.
        rate: the part of the feature maps that is dropped.
        data_format: where the channels are; last if `None`.
        seed: an integer for the same masks each time the program runs.
    """

    def __init__(
        self,
        rank: int,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = check_rate("rate", rate, self)
        self.seed = seed
        self.data_format = config.standardize_data_format(data_format)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.input_spec = InputSpec(ndim=rank + 2)
        self.supports_masking = True

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        ones = (1,) * (inputs.ndim - 2)
        if self.data_format == "channels_first":
            noise_shape = (*inputs.shape[:2], *ones)
        else:
            noise_shape = (inputs.shape[0], *ones, inputs.shape[-1])
        return random.dropout(inputs, self.rate, noise_shape=noise_shape, seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "rate": self.rate,
            "seed": self.seed,
            "name": self.name,
            "dtype": super().get_config()["dtype"],
        }
