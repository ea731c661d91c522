"""BaseConvTranspose: the base of transposed convolutions."""

from typing import Any

from deepkit import constraints, initializers, ops, regularizers
from deepkit.core.errors import ArgumentError
from deepkit.layers._arguments import check_positive, check_tuple
from deepkit.layers._convolution_layer import ConvolutionLayer
from deepkit.layers._spatial import Sizes


class BaseConvTranspose(ConvolutionLayer):
    """Base of transposed convolutions, which lead from small to large.

    Args:
        filters: how many channels the outputs have.
        output_padding: how many places more at the end than the least; `None` for the usual size.
        kernel_initializer: of the kernel, of shape `(*kernel_size, filters, channels)`.
        kernel_regularizer: a penalty on the kernel.
        kernel_constraint: applied to the kernel after each update.
        **kwargs: arguments of `ConvolutionLayer`.

    Raises:
        ArgumentError: `filters` is no integer of at least 1, `output_padding` is not less than
            `strides`, or both strides and dilation are more than 1.
    """

    _leftovers = ("groups",)

    def __init__(
        self,
        *,
        filters: int,
        output_padding: Sizes | None,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = check_positive("filters", filters, self)
        self.output_padding = self._check_output_padding(output_padding)
        self._check_strides_or_dilation()
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def _check_output_padding(self, value: Sizes | None) -> tuple[int, ...] | None:
        if value is None:
            return None
        extra = check_tuple("output_padding", value, self.rank, self, at_least=0)
        if any(more >= stride for more, stride in zip(extra, self.strides)):
            raise ArgumentError(
                f"Expected `output_padding` of the layer '{self.name}' ({type(self).__name__}) to "
                f"be less than `strides` along each axis, received output_padding={extra} and "
                f"strides={self.strides}."
            )
        return extra

    def build(self, input_shape: Any) -> None:
        channels = self._count_channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def _convolve(self, inputs: Any) -> Any:
        return ops.conv_transpose(
            inputs,
            self.kernel.value,
            self.strides,
            self.padding,
            self.output_padding,
            self.data_format,
            self.dilation_rate,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "output_padding": self.output_padding,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
        }
