"""ZeroPadding2D: images with borders of zeros."""

from typing import Any

from deepkit.layers._base_zero_padding import BaseZeroPadding
from deepkit.layers._spatial import Pairs


class ZeroPadding2D(BaseZeroPadding):
    """Add borders of zeros to images.

    Use it before a convolution with `padding="valid"`, for other borders than `"same"` gives.

    Args:
        padding: how many zeros to add: `((top, bottom), (left, right))`, `(height, width)` with the
            same on both sides, or one integer.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        The same, larger by what was added.

    Raises:
        ArgumentError: `padding` has another form, or a negative integer.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.ZeroPadding2D(((1, 0), (2, 3)))
        >>> layer(deepkit.ops.ones((1, 4, 3, 3))).shape
        (1, 5, 8, 3)
    """

    rank = 2

    def __init__(
        self, padding: Pairs = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)
