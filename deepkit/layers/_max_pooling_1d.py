"""MaxPooling1D: the largest value in each window of sequences."""

from typing import Any

from deepkit import ops
from deepkit.layers._base_pooling import BasePooling
from deepkit.layers._spatial import Sizes


class MaxPooling1D(BasePooling):
    """The largest value in each window of sequences.

    Use it to make sequences smaller and keep what was found, wherever in a window it stood. Padding
    never wins; where several values are the largest, the gradient goes to the first.

    Args:
        pool_size: size of a window.
        strides: step from window to window; `pool_size` if `None`.
        padding: `"valid"` (whole windows only) or `"same"` (`ceil(size / stride)` outputs).
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        name: the layer's name.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` for `"channels_first"`.

    Output shape:
        `(batch, new_time, channels)`, or with the channels on axis 1. A size becomes `(size -
        pool_size) // stride + 1` for `"valid"` and `ceil(size / stride)` for `"same"`.

    Raises:
        ArgumentError: a size or step is no integer of at least 1, or `padding` is unknown.
        ShapeError: the inputs have another rank, or no room for a window.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array([[[1.0], [4.0], [3.0], [2.0]]])
        >>> deepkit.layers.MaxPooling1D(2)(x).ravel().tolist()
        [4.0, 3.0]
    """

    rank = 1
    _pool = staticmethod(ops.max_pool)

    def __init__(
        self,
        pool_size: Sizes = 2,
        strides: Sizes | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)
