"""AdaptiveMaxPooling1D: the largest values of a given number of windows."""

from deepkit import ops
from deepkit.layers._base_adaptive_pooling import BaseAdaptivePooling


class AdaptiveMaxPooling1D(BaseAdaptivePooling):
    """The largest values of windows that cut sequences into a given number of parts.

    Use it where what follows needs a fixed size, and sequences come in many. Of `n` places, output
    `i` of `m` sees those from `floor(i * n / m)` to `ceil((i + 1) * n / m)`; the windows may
    overlap.

    Args:
        output_size: how many outputs.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` for `"channels_first"`.

    Output shape:
        `(batch, *output_size, channels)`, or with the channels on axis 1.

    Raises:
        ArgumentError: `output_size` is no integer, or tuple of them, of at least 1.
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array([[[1.0], [2.0], [6.0]]])
        >>> deepkit.layers.AdaptiveMaxPooling1D(2)(x).ravel().tolist()
        [2.0, 6.0]
    """

    rank = 1
    _pool = staticmethod(ops.adaptive_max_pool)
