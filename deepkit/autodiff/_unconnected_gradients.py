"""What stands for the gradient by something that a value does not depend on."""

import enum
from typing import Any

from deepkit.core.errors import ArgumentError


class UnconnectedGradients(enum.Enum):
    """What a tape returns as the gradient by a source that the target does not depend on.

    `NONE` is `None`; `ZERO` is an array of zeros.
    """

    NONE = "none"
    ZERO = "zero"


def as_unconnected(value: Any) -> UnconnectedGradients:
    """The member that is meant by itself or by its name."""
    if isinstance(value, UnconnectedGradients):
        return value
    try:
        return UnconnectedGradients(value.lower() if isinstance(value, str) else value)
    except ValueError:
        raise ArgumentError(
            f"Expected `unconnected_gradients` to be 'none' or 'zero', received {value!r}."
        ) from None
