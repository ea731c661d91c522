"""AveragePooling3D: the average in each window of volumes."""

from typing import Any

from deepkit import ops
from deepkit.layers._base_pooling import BasePooling
from deepkit.layers._spatial import Sizes


class AveragePooling3D(BasePooling):
    """The average in each window of volumes.

    Use it to make volumes smaller and smoother. Padding does not count.

    Args:
        pool_size: sizes of a window; one integer for all axes or one for each.
        strides: steps from window to window; one integer for all axes or one for each; `pool_size`
            if `None`.
        padding: `"valid"` (whole windows only) or `"same"` (`ceil(size / stride)` outputs).
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        name: the layer's name.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, new_depth, new_height, new_width, channels)`, or with the channels on axis 1. A
        size becomes `(size - pool_size) // stride + 1` for `"valid"` and `ceil(size / stride)` for
        `"same"`.

    Raises:
        ArgumentError: a size or step is no integer of at least 1, or `padding` is unknown.
        ShapeError: the inputs have another rank, or no room for a window.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.AveragePooling3D(2)
        >>> layer(deepkit.ops.ones((1, 4, 4, 6, 3))).shape
        (1, 2, 2, 3, 3)
    """

    rank = 3
    _pool = staticmethod(ops.average_pool)

    def __init__(
        self,
        pool_size: Sizes,
        strides: Sizes | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)
