"""DepthwiseConv1D: a convolution over sequences of each channel by itself."""

from typing import Any

from deepkit.layers._base_depthwise_conv import BaseDepthwiseConv
from deepkit.layers._spatial import Sizes


class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolution over time of each channel by itself.

    Use it for far fewer weights and products than a plain convolution has, with something else to
    mix the channels (Howard et al., 2017, arXiv:1704.04861).

    Computes

        y[t, c * m + k] = activation(
            sum over u of x[s * t + d * u, c] * kernel[u, c, k] + bias[c * m + k])

    with strides `s`, dilation `d` and the `depth_multiplier` `m`; `u` runs over the window.

    Args:
        kernel_size: size of the window.
        strides: step of the window.
        padding: `"valid"` (no padding) or `"same"` (zeros on both sides, for `ceil(size / stride)`
            outputs).
        depth_multiplier: how many outputs each channel gives; they stand together.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        dilation_rate: distance of neighbours in the window.
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
        `(batch, time, channels)`, or `(batch, channels, time)` for `"channels_first"`.

    Output shape:
        `(batch, new_time, channels * depth_multiplier)`, or with the channels on axis 1.

    Raises:
        ArgumentError: a size, step, distance or count is no integer of at least 1, or `padding` is
            unknown.
        ShapeError: the inputs have another rank, or no room for the window.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.DepthwiseConv1D(3, depth_multiplier=2)
        >>> layer(deepkit.ops.ones((2, 6, 4))).shape
        (2, 4, 8)
    """

    rank = 1

    def __init__(
        self,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Sizes = 1,
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
