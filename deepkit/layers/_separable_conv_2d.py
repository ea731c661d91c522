"""SeparableConv2D: a convolution over images within, then across channels."""

from typing import Any

from deepkit.layers._base_separable_conv import BaseSeparableConv
from deepkit.layers._spatial import Sizes


class SeparableConv2D(BaseSeparableConv):
    """Convolution over images in two steps: within each channel, then across channels.

    Use it in the place of `Conv2D` for fewer weights and products, where places and channels can be
    looked at one after the other (Chollet, 2017, arXiv:1610.02357).

    Computes `activation(depthwise(x) @ pointwise_kernel + bias)`, with `depthwise` as in
    `DepthwiseConv2D`.

    Args:
        filters: how many channels the outputs have.
        kernel_size: sizes of the window; one integer for all axes or one for each.
        strides: steps of the window; one integer for all axes or one for each.
        padding: `"valid"` (no padding) or `"same"` (zeros on both sides, for `ceil(size / stride)`
            outputs).
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        dilation_rate: distances of neighbours in the window; one integer for all axes or one for
            each.
        depth_multiplier: how many outputs each channel gives in the first step.
        activation: a function or its name; none by default.
        use_bias: whether a bias is added.
        depthwise_initializer: of the first kernel, of shape `(*kernel_size, channels,
            depth_multiplier)`.
        pointwise_initializer: of the second kernel, of shape `(1, 1, channels * depth_multiplier,
            filters)`.
        bias_initializer: of the bias.
        depthwise_regularizer: a penalty on the first kernel.
        pointwise_regularizer: a penalty on the second kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        depthwise_constraint: applied to the first kernel after each update.
        pointwise_constraint: applied to the second kernel after each update.
        bias_constraint: applied to the bias after each update.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, new_height, new_width, filters)`, or with the filters on axis 1.

    Raises:
        ArgumentError: a size, step, distance or count is no integer of at least 1, or `padding` is
            unknown.
        ShapeError: the inputs have another rank, or no room for the window.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.SeparableConv2D(8, 3, padding="same")
        >>> layer(deepkit.ops.ones((2, 6, 6, 4))).shape
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
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
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
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
