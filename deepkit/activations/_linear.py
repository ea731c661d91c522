"""The identity."""

from typing import Any


def linear(x: Any) -> Any:
    """Return the input as it is: `f(x) = x`.

    Args:
        x: a tensor.

    Example:
        >>> import deepkit
        >>> deepkit.activations.linear(3.0)
        3.0
    """
    return x
