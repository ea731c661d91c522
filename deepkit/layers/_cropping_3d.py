"""Cropping3D: volumes without their borders."""

from typing import Any

from deepkit.layers._base_cropping import BaseCropping
from deepkit.layers._spatial import Pairs


class Cropping3D(BaseCropping):
    """Cut borders off volumes.

    Args:
        cropping: how many places to cut off: a pair (before, after) for each axis, `(depth, height,
            width)` with the same on both sides, or one integer.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` for
        `"channels_first"`.

    Output shape:
        The same, smaller by what was cut off.

    Raises:
        ArgumentError: `cropping` has another form, or a negative integer.
        ShapeError: nothing would be left of the inputs, or they have another rank.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Cropping3D(1)
        >>> layer(deepkit.ops.ones((1, 3, 4, 5, 2))).shape
        (1, 1, 2, 3, 2)
    """

    rank = 3

    def __init__(
        self,
        cropping: Pairs = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}
