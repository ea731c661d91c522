"""UpSampling1D: each step several times."""

from typing import Any

from deepkit.layers._base_up_sampling import BaseUpSampling


class UpSampling1D(BaseUpSampling):
    """Repeat each step of sequences.

    Args:
        size: how often.

    Input shape:
        `(batch, time, channels)`.

    Output shape:
        `(batch, time * size, channels)`.

    Raises:
        ArgumentError: `size` is no integer of at least 1.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> deepkit.layers.UpSampling1D(2)(deepkit.ops.array([[[3.0], [5.0]]])).ravel().tolist()
        [3.0, 3.0, 5.0, 5.0]
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, "channels_last", **kwargs)
