"""MaxPooling2D: the largest value in each window of images."""

from typing import Any

from deepkit import ops
from deepkit.layers._base_pooling import BasePooling
from deepkit.layers._spatial import Sizes


class MaxPooling2D(BasePooling):
    """The largest value in each window of images.

    Use it to make images smaller and keep what was found, wherever in a window it stood. Padding
    never wins; where several values are the largest, the gradient goes to the first.

    Args:
        pool_size: sizes of a window; one integer for all axes or one for each.
        strides: steps from window to window; one integer for all axes or one for each; `pool_size`
            if `None`.
        padding: `"valid"` (whole windows only) or `"same"` (`ceil(size / stride)` outputs).
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        name: the layer's name.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, new_height, new_width, channels)`, or with the channels on axis 1. A size becomes
        `(size - pool_size) // stride + 1` for `"valid"` and `ceil(size / stride)` for `"same"`.

    Raises:
        ArgumentError: a size or step is no integer of at least 1, or `padding` is unknown.
        ShapeError: the inputs have another rank, or no room for a window.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.reshape(deepkit.ops.arange(8.0), (1, 2, 4, 1))
        >>> deepkit.layers.MaxPooling2D(2)(x).ravel().tolist()
        [5.0, 7.0]
    """

    rank = 2
    _pool = staticmethod(ops.max_pool)

    def __init__(
        self,
        pool_size: Sizes = (2, 2),
        strides: Sizes | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)
