"""LeakyReLU: a small slope below zero."""

from typing import Any

from deepkit import activations
from deepkit.core.errors import ArgumentError
from deepkit.layers._layer import Layer


class LeakyReLU(Layer):
    """`x` above 0, and `negative_slope * x` below.

    Args:
        negative_slope: the slope below 0.

    Raises:
        ArgumentError: the slope is `None` or negative.

    Example:
        >>> import deepkit
        >>> deepkit.layers.LeakyReLU(0.5)(deepkit.ops.array([-1.0, 2.0])).tolist()
        [-0.5, 2.0]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # Keras 2's name
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ArgumentError(
                f"Expected `negative_slope` of the layer '{self.name}' to be a number of at least "
                f"0, received {negative_slope!r}."
            )
        self.negative_slope = negative_slope
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "negative_slope": self.negative_slope}
