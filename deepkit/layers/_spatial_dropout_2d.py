"""SpatialDropout2D: whole feature maps of images are dropped."""

from typing import Any

from deepkit.layers._spatial_dropout import SpatialDropout


class SpatialDropout2D(SpatialDropout):
    """Drop whole feature maps of images in training (Tompson et al., 2014, arXiv:1411.4280).

    Neighbouring places of a feature map are much alike, so that dropping single elements does
    little; here all of a map goes or stays.

    Args:
        rate: the part of the feature maps that is dropped, from 0 to 1.
        data_format: where the channels are; the global setting if `None`.
        seed: an integer for the same masks each time the program runs.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        The same.

    Raises:
        ArgumentError: `rate` is no number from 0 to 1.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.SpatialDropout2D(0.5)
        >>> layer(deepkit.ops.ones((2, 4, 4, 3)), training=True).shape
        (2, 4, 4, 3)
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, rate, data_format=data_format, seed=seed, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}
