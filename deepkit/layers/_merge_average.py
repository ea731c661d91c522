"""Average: the mean of tensors."""

from typing import Any

from deepkit.layers._merge import Merge


class Average(Merge):
    """Average a list of tensors element by element.

    Call arguments:
        inputs: a list of tensors.

    Raises:
        ArgumentError: the input is no list.
        ShapeError: sizes do not fit.

    Example:
        >>> import deepkit
        >>> a, b = deepkit.ops.array([[1.0, 4.0]]), deepkit.ops.array([[3.0, 2.0]])
        >>> deepkit.layers.Average()([a, b]).tolist()
        [[2.0, 3.0]]
    """

    def merge(self, inputs: list[Any]) -> Any:
        """The mean."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total / len(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The `Average` layer as a function.

    Args:
        inputs: a list of tensors.
        **kwargs: arguments of the layer.
    """
    return Average(**kwargs)(inputs)
