"""Conv2D: a convolution over images."""

from typing import Any

from deepkit.layers._base_conv import BaseConv
from deepkit.layers._spatial import Sizes


class Conv2D(BaseConv):
    """Convolution over images: filters that find the same pattern wherever it stands.

    Use it for images and all that lies on a grid (LeCun et al., 1989; Dumoulin & Visin, 2016,
    arXiv:1603.07285 draw the arithmetic).

    Computes

        y[i, j, f] = activation(
            sum over u, v, c of x[s * i + d * u, s * j + d * v, c] * kernel[u, v, c, f] + bias[f])

    with strides `s` and dilation `d`; `c` runs over the channels and `u, v` over the window. The
    kernel is not turned around.

    Args:
        filters: how many channels the outputs have.
        kernel_size: sizes of the window; one integer for all axes or one for each.
        strides: steps of the window; one integer for all axes or one for each.
        padding: `"valid"` (no padding) or `"same"` (zeros on both sides, for `ceil(size / stride)`
            outputs).
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        dilation_rate: distances of neighbours in the window; one integer for all axes or one for
            each. More than 1 only where `strides` is 1.
        groups: the channels and the filters are cut into this many parts that do not see each
            other; it has to divide both.
        activation: a function or its name; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape `(*kernel_size, channels // groups, filters)`.
        bias_initializer: of the bias.
        kernel_regularizer: a penalty on the kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, new_height, new_width, filters)`, or with the filters on axis 1.

    Raises:
        ArgumentError: a size, step, distance or count is no integer of at least 1, `padding` is
            unknown, `groups` does not divide `filters`, or both strides and dilation are more than
            1.
        ShapeError: the inputs have another rank, channels that `groups` does not divide, or no room
            for the window.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Conv2D(8, 3, padding="same", activation="relu")
        >>> layer(deepkit.ops.ones((2, 6, 6, 3))).shape
        (2, 6, 6, 8)
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Sizes = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            groups=groups,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
