"""AdaptiveAveragePooling2D: averages of a given number of windows."""

from deepkit import ops
from deepkit.layers._base_adaptive_pooling import BaseAdaptivePooling


class AdaptiveAveragePooling2D(BaseAdaptivePooling):
    """Averages of windows that cut images into a given number of parts.

    Use it where what follows needs a fixed size, and images come in many. Of `n` places, output `i`
    of `m` sees those from `floor(i * n / m)` to `ceil((i + 1) * n / m)`; the windows may overlap.

    Args:
        output_size: how many outputs along each axis; one integer for all axes or one for each.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, *output_size, channels)`, or with the channels on axis 1.

    Raises:
        ArgumentError: `output_size` is no integer, or tuple of them, of at least 1.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.AdaptiveAveragePooling2D((2, 3))
        >>> layer(deepkit.ops.ones((1, 5, 7, 4))).shape
        (1, 2, 3, 4)
    """

    rank = 2
    _pool = staticmethod(ops.adaptive_average_pool)
