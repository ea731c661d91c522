"""BaseConv: the base of plain convolutions."""

from typing import Any

from deepkit import constraints, initializers, ops, regularizers
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.layers._arguments import check_positive
from deepkit.layers._convolution_layer import ConvolutionLayer


class BaseConv(ConvolutionLayer):
    """Base of plain convolutions: one kernel over all channels of a group.

    Args:
        filters: how many channels the outputs have.
        groups: the channels, and the filters, are cut into this many parts.
        kernel_initializer: of the kernel, of shape `(*kernel_size, channels // groups, filters)`.
        kernel_regularizer: a penalty on the kernel.
        kernel_constraint: applied to the kernel after each update.
        **kwargs: arguments of `ConvolutionLayer`.

    Raises:
        ArgumentError: `filters` or `groups` is no integer of at least 1, `groups` does not divide
            `filters`, or both strides and dilation are more than 1.
        ShapeError: `groups` does not divide the channels.
    """

    def __init__(
        self,
        *,
        filters: int,
        groups: int,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = check_positive("filters", filters, self)
        self.groups = check_positive("groups", groups, self)
        if self.filters % self.groups:
            raise ArgumentError(
                f"Expected `filters` of the layer '{self.name}' ({type(self).__name__}) to be a "
                f"multiple of `groups`, received filters={filters} and groups={groups}."
            )
        self._check_strides_or_dilation()
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._count_channels(input_shape)
        if channels % self.groups:
            raise ShapeError(
                f"{self._described()} expects a number of input channels that its {self.groups} "
                f"groups divide, received shape {tuple(input_shape)} ({self.data_format})."
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def _convolve(self, inputs: Any) -> Any:
        return self.convolution_op(inputs, self.kernel.value)

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution of inputs with a kernel, without bias and activation.

        Override it to use the kernel in another form, for instance standardized.
        """
        padding: Any = self.padding
        if padding == "causal":
            padding = [(self.dilation_rate[0] * (self.kernel_size[0] - 1), 0)]
        return ops.conv(inputs, kernel, self.strides, padding, self.data_format, self.dilation_rate)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "groups": self.groups,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
        }
