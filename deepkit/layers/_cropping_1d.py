"""Cropping1D: sequences without their borders."""

from typing import Any

from deepkit.layers._base_cropping import BaseCropping
from deepkit.layers._spatial import Pairs


class Cropping1D(BaseCropping):
    """Cut steps off both ends of sequences.

    Args:
        cropping: how many steps to cut off, `(before, after)`; one integer stands for both.

    Input shape:
        `(batch, time, channels)`.

    Output shape:
        `(batch, time - before - after, channels)`.

    Raises:
        ArgumentError: `cropping` has another form, or a negative integer.
        ShapeError: nothing would be left of the inputs, or they have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.reshape(deepkit.ops.arange(5.0), (1, 5, 1))
        >>> deepkit.layers.Cropping1D((1, 2))(x).ravel().tolist()
        [1.0, 2.0]
    """

    rank = 1

    def __init__(self, cropping: Pairs = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)
