"""UpSampling3D: each place of a volume several times."""

from typing import Any

from deepkit.layers._base_up_sampling import BaseUpSampling
from deepkit.layers._spatial import Sizes


class UpSampling3D(BaseUpSampling):
    """Repeat each place of volumes.

    Args:
        size: how often; one integer for all axes or one for each.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` for
        `"channels_first"`.

    Output shape:
        The same, larger by the factors `size`.

    Raises:
        ArgumentError: a factor is no integer of at least 1.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.UpSampling3D((1, 2, 3))
        >>> layer(deepkit.ops.ones((1, 2, 2, 2, 4))).shape
        (1, 2, 4, 6, 4)
    """

    rank = 3

    def __init__(
        self, size: Sizes = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(size, data_format, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}
