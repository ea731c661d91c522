"""Conv3DTranspose: a transposed convolution over volumes."""

from typing import Any

from deepkit.layers._base_conv_transpose import BaseConvTranspose
from deepkit.layers._spatial import Sizes


class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution over volumes: from small ones to large ones.

    Use it in decoders and generators, to go the way back from what a `Conv3D` gives to the size of
    what it got (Zeiler et al., 2010; Dumoulin & Visin, 2016, arXiv:1603.07285).

    Each place of the inputs adds the kernel, times itself, to the outputs from place `strides *
    place` on; then come bias and activation. It is the gradient of a convolution with respect to
    its inputs.

    Args:
        filters: how many channels the outputs have.
        kernel_size: sizes of the window; one integer for all axes or one for each.
        strides: steps in the outputs for a step in the inputs; one integer for all axes or one for
            each.
        padding: `"valid"` (all that the kernel reaches) or `"same"` (`size * stride` outputs).
        data_format: `"channels_last"` or `"channels_first"`; the global setting if `None`.
        output_padding: how many outputs more at the end than the least, below `strides`; one
            integer for all axes or one for each. The usual size if `None`.
        dilation_rate: distances of neighbours in the window; one integer for all axes or one for
            each. More than 1 only where `strides` is 1.
        activation: a function or its name; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: of the kernel, of shape `(*kernel_size, filters, channels)`.
        bias_initializer: of the bias.
        kernel_regularizer: a penalty on the kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` for
        `"channels_first"`.

    Output shape:
        `(batch, new_depth, new_height, new_width, filters)`, or with the filters on axis 1.

    Raises:
        ArgumentError: a size, step, distance or count is no integer of at least 1, `padding` is
            unknown, `output_padding` is not below `strides`, or both strides and dilation are more
            than 1.
        ShapeError: the inputs have another rank, or an unknown number of channels.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.Conv3DTranspose(2, 2, strides=2)
        >>> layer(deepkit.ops.ones((1, 3, 3, 3, 4))).shape
        (1, 6, 6, 6, 2)
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Sizes | None = None,
        dilation_rate: Sizes = (1, 1, 1),
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
            output_padding=output_padding,
            dilation_rate=dilation_rate,
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
