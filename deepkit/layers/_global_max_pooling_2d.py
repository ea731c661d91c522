"""GlobalMaxPooling2D: the largest value of each channel of images."""

from deepkit import ops
from deepkit.layers._base_global_pooling import BaseGlobalPooling


class GlobalMaxPooling2D(BaseGlobalPooling):
    """The largest value of each channel over all places of images.

    Use it where it matters whether something was found, not where.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        keepdims: whether the spatial axes stay, with size 1.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, channels)`; with `keepdims`, the shape of the inputs with sizes of 1.

    Raises:
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.ones((2, 4, 5, 3))
        >>> deepkit.layers.GlobalMaxPooling2D()(x).shape
        (2, 3)
        >>> deepkit.layers.GlobalMaxPooling2D(keepdims=True)(x).shape
        (2, 1, 1, 3)
    """

    rank = 2
    _reduce = staticmethod(ops.max)
