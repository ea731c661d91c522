"""ConvolutionLayer: the base of convolutions of every kind."""

import abc
from typing import Any

from deepkit import activations, constraints, initializers, regularizers
from deepkit.core import config
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.layers._arguments import check_choice, check_tuple
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer
from deepkit.layers._spatial import Sizes, channel_axis


class ConvolutionLayer(Layer):
    """Base of convolutions: how the window moves, the bias and the activation.

    Subclasses name their `rank`, make kernels and convolve.

    Args:
        kernel_size: sizes of the window.
        strides: steps of the window.
        padding: `"valid"`, `"same"`, or what else the subclass can do.
        data_format: where the channels are; the global setting if `None`.
        dilation_rate: distances of neighbours in the window.
        activation: a function or its name.
        use_bias: whether a bias is added.
        bias_initializer: of the bias.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the outputs.
        bias_constraint: applied to the bias after each update.

    Raises:
        ArgumentError: a size, step or distance is no integer of at least 1, or `padding` is
            unknown.
        ShapeError: the rank of the inputs is wrong, or the number of channels is unknown.
    """

    rank: int
    _paddings: tuple[str, ...] = ("valid", "same")
    # Arguments that Keras 2 wrote into configs of layers that have no use for them.
    _leftovers: tuple[str, ...] = ()

    def __init__(
        self,
        kernel_size: Sizes,
        strides: Sizes,
        padding: str,
        data_format: str | None,
        dilation_rate: Sizes,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.kernel_size = check_tuple("kernel_size", kernel_size, self.rank, self)
        self.strides = check_tuple("strides", strides, self.rank, self)
        self.padding = check_choice("padding", padding, self._paddings, self)
        self.data_format = config.standardize_data_format(data_format)
        self.dilation_rate = check_tuple("dilation_rate", dilation_rate, self.rank, self)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Any = None
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _check_strides_or_dilation(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                f"Expected `strides` or `dilation_rate` of the layer '{self.name}' "
                f"({type(self).__name__}) to be 1, received strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}."
            )

    def _count_channels(self, input_shape: Any) -> int:
        """The channels of the inputs, which have to stay as many from now on."""
        axis = channel_axis(self.data_format)
        if len(input_shape) != self.rank + 2 or input_shape[axis] is None:
            raise ShapeError(
                f"{self._described()} expects inputs of rank {self.rank + 2} with a known number "
                f"of channels on axis {axis} ({self.data_format}), received shape "
                f"{tuple(input_shape)}."
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: input_shape[axis]})
        return input_shape[axis]

    def _add_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(size,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Any) -> Any:
        outputs = self._convolve(inputs)
        if self.bias is not None:
            bias = self.bias.value
            if self.data_format == "channels_first":
                bias = bias.reshape(-1, *(1,) * self.rank)  # (filters, 1, ...)
            outputs = outputs + bias
        return self.activation(outputs)

    @abc.abstractmethod
    def _convolve(self, inputs: Any) -> Any:
        """The convolution alone."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ConvolutionLayer":
        """A layer from what `get_config` returned, or from a config of Keras 2."""
        unused = {key for key in cls._leftovers if key != "groups" or config.get(key) == 1}
        return super().from_config({k: v for k, v in config.items() if k not in unused})
