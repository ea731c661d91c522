"""BaseSeparableConv: the base of convolutions in two steps, within channels and across them."""

from typing import Any

from deepkit import constraints, initializers, ops, regularizers
from deepkit.layers._arguments import check_positive
from deepkit.layers._convolution_layer import ConvolutionLayer


class BaseSeparableConv(ConvolutionLayer):
    """Base of convolutions of each channel by itself whose outputs are then mixed.

    Args:
        filters: how many channels the outputs have.
        depth_multiplier: how many outputs each channel gives in the first step.
        depthwise_initializer: of the first kernel, of shape
            `(*kernel_size, channels, depth_multiplier)`.
        pointwise_initializer: of the second kernel, of shape
            `(1, ..., channels * depth_multiplier, filters)`.
        depthwise_regularizer: a penalty on the first kernel.
        pointwise_regularizer: a penalty on the second kernel.
        depthwise_constraint: applied to the first kernel after each update.
        pointwise_constraint: applied to the second kernel after each update.
        **kwargs: arguments of `ConvolutionLayer`.

    Raises:
        ArgumentError: `filters` or `depth_multiplier` is no integer of at least 1.
    """

    _leftovers = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")

    def __init__(
        self,
        *,
        filters: int,
        depth_multiplier: int,
        depthwise_initializer: Any,
        pointwise_initializer: Any,
        depthwise_regularizer: Any,
        pointwise_regularizer: Any,
        depthwise_constraint: Any,
        pointwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = check_positive("filters", filters, self)
        self.depth_multiplier = check_positive("depth_multiplier", depth_multiplier, self)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._count_channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias(self.filters)

    def _convolve(self, inputs: Any) -> Any:
        return ops.separable_conv(
            inputs,
            self.depthwise_kernel.value,
            self.pointwise_kernel.value,
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
            "filters": self.filters,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }
