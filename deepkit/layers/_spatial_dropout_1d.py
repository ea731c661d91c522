"""SpatialDropout1D: whole feature maps of sequences are dropped."""

from typing import Any

from deepkit.layers._spatial_dropout import SpatialDropout


class SpatialDropout1D(SpatialDropout):
    """Drop whole feature maps of sequences in training (Tompson et al., 2014, arXiv:1411.4280).

    Neighbouring places of a feature map are much alike, so that dropping single elements does
    little; here all of a map goes or stays.

    Args:
        rate: the part of the feature maps that is dropped, from 0 to 1.
        seed: an integer for the same masks each time the program runs.

    Input shape:
        `(batch, time, channels)`.

    Output shape:
        The same.

    Raises:
        ArgumentError: `rate` is no number from 0 to 1.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.SpatialDropout1D(0.5)
        >>> layer(deepkit.ops.ones((2, 4, 3)), training=True).shape
        (2, 4, 3)
    """

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(1, rate, data_format="channels_last", seed=seed, name=name, dtype=dtype)
