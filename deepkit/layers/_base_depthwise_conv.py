"""BaseDepthwiseConv: the base of convolutions of each channel by itself."""

from typing import Any

from deepkit import constraints, initializers, ops, regularizers
from deepkit.layers._arguments import check_positive
from deepkit.layers._convolution_layer import ConvolutionLayer


class BaseDepthwiseConv(ConvolutionLayer):
    """Base of convolutions of each channel by itself.

    Args:
        depth_multiplier: how many outputs each channel gives.
        depthwise_initializer: of the kernel, of shape `(*kernel_size, channels, depth_multiplier)`.
        depthwise_regularizer: a penalty on the kernel.
        depthwise_constraint: applied to the kernel after each update.
        **kwargs: arguments of `ConvolutionLayer`.

    Raises:
        ArgumentError: `depth_multiplier` is no integer of at least 1.
    """

    _leftovers = (
        *("filters", "groups"),
        *("kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    )

    def __init__(
        self,
        *,
        depth_multiplier: int,
        depthwise_initializer: Any,
        depthwise_regularizer: Any,
        depthwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.depth_multiplier = check_positive("depth_multiplier", depth_multiplier, self)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._count_channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self._add_bias(channels * self.depth_multiplier)

    def _convolve(self, inputs: Any) -> Any:
        return ops.depthwise_conv(
            inputs,
            self.kernel.value,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }
