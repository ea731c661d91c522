"""Subtract: the difference of two tensors."""

from typing import Any

from deepkit.core.errors import ArgumentError
from deepkit.layers._merge import Merge


class Subtract(Merge):
    """Subtract the second tensor from the first element by element.

    Call arguments:
        inputs: a list of tensors; two.

    Raises:
        ArgumentError: the input is no list, or has not two elements.
        ShapeError: sizes do not fit.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0, 4.0]]), deepkit.ops.array([[3.0, 2.0]])
        >>> deepkit.layers.Subtract()([a, b]).tolist()
        [[-2.0, 2.0]]
    """

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ArgumentError(
                f"{self._described()} expects two tensors, received {len(input_shape)}."
            )

    def merge(self, inputs: list[Any]) -> Any:
        """The difference."""
        return inputs[0] - inputs[1]


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The `Subtract` layer as a function.

    Args:
        inputs: a list of tensors; two.
        **kwargs: arguments of the layer.
    """
    return Subtract(**kwargs)(inputs)
