"""Add: the sum of tensors."""

from typing import Any

from deepkit.layers._merge import Merge


class Add(Merge):
    """Add a list of tensors element by element.

    Call arguments:
        inputs: a list of tensors.

    Raises:
        ArgumentError: the input is no list.
        ShapeError: sizes do not fit.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0, 4.0]]), deepkit.ops.array([[3.0, 2.0]])
        >>> deepkit.layers.Add()([a, b]).tolist()
        [[4.0, 6.0]]
    """

    def merge(self, inputs: list[Any]) -> Any:
        """The sum."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


def add(inputs: Any, **kwargs: Any) -> Any:
    """The `Add` layer as a function.

    Args:
        inputs: a list of tensors.
        **kwargs: arguments of the layer.
    """
    return Add(**kwargs)(inputs)
