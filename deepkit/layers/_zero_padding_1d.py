"""ZeroPadding1D: sequences with borders of zeros."""

from typing import Any

from deepkit.layers._base_zero_padding import BaseZeroPadding
from deepkit.layers._spatial import Pairs


class ZeroPadding1D(BaseZeroPadding):
    """Add zeros at both ends of sequences.

    Use it before a convolution with `padding="valid"`, for other borders than `"same"` gives.

    Args:
        padding: how many zeros to add, `(before, after)`; one integer stands for both.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` for `"channels_first"`.

    Output shape:
        The same, larger by what was added.

    Raises:
        ArgumentError: `padding` has another form, or a negative integer.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array([[[3.0], [5.0]]])
        >>> deepkit.layers.ZeroPadding1D((1, 2))(x).ravel().tolist()
        [0.0, 3.0, 5.0, 0.0, 0.0]
    """

    rank = 1

    def __init__(self, padding: Pairs = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)
