"""GlobalAveragePooling2D: the average of each channel of images."""

from deepkit import ops
from deepkit.layers._base_global_pooling import BaseGlobalPooling


class GlobalAveragePooling2D(BaseGlobalPooling):
    """The average of each channel over all places of images.

    Use it between convolutions and a classifier, in the place of `Flatten`: it has no weights, and
    sizes may differ from call to call (Lin et al., 2014, arXiv:1312.4400).

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
        >>> deepkit.layers.GlobalAveragePooling2D()(x).shape
        (2, 3)
        >>> deepkit.layers.GlobalAveragePooling2D(keepdims=True)(x).shape
        (2, 1, 1, 3)
    """

    rank = 2
    _reduce = staticmethod(ops.mean)
