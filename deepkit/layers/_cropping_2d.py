"""Cropping2D: images without their borders."""

from typing import Any

from deepkit.layers._base_cropping import BaseCropping
from deepkit.layers._spatial import Pairs


class Cropping2D(BaseCropping):
    """Cut borders off images.

    Args:
        cropping: how many places to cut off: `((top, bottom), (left, right))`, `(height, width)`
            with the same on both sides, or one integer.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        The same, smaller by what was cut off.

    Raises:
        ArgumentError: `cropping` has another form, or a negative integer.
        ShapeError: nothing would be left of the inputs, or they have another rank.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Cropping2D(((1, 0), (2, 3)))
        >>> layer(deepkit.ops.ones((1, 5, 8, 3))).shape
        (1, 4, 3, 3)
    """

    rank = 2

    def __init__(
        self,
        cropping: Pairs = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}
