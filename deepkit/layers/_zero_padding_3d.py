"""ZeroPadding3D: volumes with borders of zeros."""

from typing import Any

from deepkit.layers._base_zero_padding import BaseZeroPadding
from deepkit.layers._spatial import Pairs


class ZeroPadding3D(BaseZeroPadding):
    """Add borders of zeros to volumes.

    Use it before a convolution with `padding="valid"`, for other borders than `"same"` gives.

    Args:
        padding: how many zeros to add: a pair (before, after) for each axis, `(depth, height,
            width)` with the same on both sides, or one integer.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` for
        `"channels_first"`.

    Output shape:
        The same, larger by what was added.

    Raises:
        ArgumentError: `padding` has another form, or a negative integer.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.ZeroPadding3D((0, 1, 2))
        >>> layer(deepkit.ops.ones((1, 3, 3, 3, 2))).shape
        (1, 3, 5, 7, 2)
    """

    rank = 3

    def __init__(
        self,
        padding: Pairs = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(padding, data_format, **kwargs)
