"""DepthwiseConv2D: a convolution over images of each channel by itself."""

from typing import Any

from deepkit.layers._base_depthwise_conv import BaseDepthwiseConv
from deepkit.layers._spatial import Sizes


class DepthwiseConv2D(BaseDepthwiseConv):
    """Convolution over images of each channel by itself.

    Use it for far fewer weights and products than a plain convolution has, with something else to
    mix the channels (Howard et al., 2017, arXiv:1704.04861).

    Computes

        y[i, j, c * m + k] = activation(
            sum over u, v of x[s * i + d * u, s * j + d * v, c] * kernel[u, v, c, k]
            + bias[c * m + k])

    with strides `s`, dilation `d` and the `depth_multiplier` `m`; `u, v` run over the window.

    Args:
        kernel_size: sizes of the window; one integer for all axes or one for each.
        strides: steps of the window; one integer for all axes or one for each.
        padding: `"valid"` (no padding) or `"same"` (zeros on both sides, for `ceil(size / stride)`
            outputs).
        depth_multiplier: how many outputs each channel gives; they stand together.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        dilation_rate: distances of neighbours in the window; one integer for all axes or one for
            each.
        activation: a function or its name; none by default.
        use_bias: whether a bias is added.
        depthwise_initializer: of the kernel, of shape `(*kernel_size, channels, depth_multiplier)`.
        bias_initializer: of the bias.
        depthwise_regularizer: a penalty on the kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        depthwise_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, new_height, new_width, channels * depth_multiplier)`, or with the channels on axis
        1.

    Raises:
        ArgumentError: a size, step, distance or count is no integer of at least 1, or `padding` is
            unknown.
        ShapeError: the inputs have another rank, or no room for the window.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.DepthwiseConv2D(3, padding="same")
        >>> layer(deepkit.ops.ones((2, 6, 6, 4))).shape
        (2, 6, 6, 4)
    """

    rank = 2

    def __init__(
        self,
        kernel_size: Sizes,
        strides: Sizes = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Sizes = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
