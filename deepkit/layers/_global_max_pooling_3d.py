"""GlobalMaxPooling3D: the largest value of each channel of volumes."""

from deepkit import ops
from deepkit.layers._base_global_pooling import BaseGlobalPooling


class GlobalMaxPooling3D(BaseGlobalPooling):
    """The largest value of each channel over all places of volumes.

    Use it where it matters whether something was found, not where.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        keepdims: whether the spatial axes stay, with size 1.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, channels)`; with `keepdims`, the shape of the inputs with sizes of 1.

    Raises:
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.ones((2, 4, 5, 4, 3))
        >>> deepkit.layers.GlobalMaxPooling3D()(x).shape
        (2, 3)
        >>> deepkit.layers.GlobalMaxPooling3D(keepdims=True)(x).shape
        (2, 1, 1, 1, 3)
    """

    rank = 3
    _reduce = staticmethod(ops.max)
