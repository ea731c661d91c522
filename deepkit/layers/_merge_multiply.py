"""Multiply: the product of tensors."""

from typing import Any

from deepkit.layers._merge import Merge


class Multiply(Merge):
    """Multiply a list of tensors element by element.

    Call arguments:
        inputs: a list of tensors.

    Raises:
        ArgumentError: the input is no list.
        ShapeError: sizes do not fit.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0, 4.0]]), deepkit.ops.array([[3.0, 2.0]])
        >>> deepkit.layers.Multiply()([a, b]).tolist()
        [[3.0, 8.0]]
    """

    def merge(self, inputs: list[Any]) -> Any:
        """The product."""
        product = inputs[0]
        for x in inputs[1:]:
            product = product * x
        return product


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The `Multiply` layer as a function.

    Args:
        inputs: a list of tensors.
        **kwargs: arguments of the layer.
    """
    return Multiply(**kwargs)(inputs)
