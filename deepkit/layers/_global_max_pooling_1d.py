"""GlobalMaxPooling1D: the largest value of each channel of sequences."""

from deepkit import ops
from deepkit.layers._base_global_pooling import BaseGlobalPooling


class GlobalMaxPooling1D(BaseGlobalPooling):
    """The largest value of each channel over all steps of sequences.

    Use it where it matters whether something was found, not when. It knows nothing of masks.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        keepdims: whether the axis of the steps stays, with size 1.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` for `"channels_first"`.

    Output shape:
        `(batch, channels)`; with `keepdims`, the shape of the inputs with sizes of 1.

    Raises:
        ShapeError: the inputs have another rank.

    Example:
        >>> import deepkit
        >>> x = deepkit.ops.array([[[1.0], [4.0], [4.0]]])
        >>> deepkit.layers.GlobalMaxPooling1D()(x).tolist()
        [[4.0]]
    """

    rank = 1
    _reduce = staticmethod(ops.max)
