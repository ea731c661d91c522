"""The base class of regularizers, and what they share."""

import math
import numbers
from typing import Any, Self

import jax
import jax.numpy as jnp

from deepkit.core import config
from deepkit.core.errors import ArgumentError, SerializationError
from deepkit.tensors import as_array


class Regularizer:
    """Base of regularizers: callables from a tensor to a penalty that is added to the loss.

    Subclasses define `__call__`, and `get_config` to be saved. A plain function from a tensor to a
    scalar is a regularizer too.

    Example:
        >>> import deepkit
        >>> class Cubic(deepkit.regularizers.Regularizer):
        ...     def __init__(self, factor):
        ...         self.factor = factor
        ...
        ...     def __call__(self, x):
        ...         return self.factor * deepkit.ops.sum(deepkit.ops.abs(x) ** 3)
        ...
        ...     def get_config(self):
        ...         return {"factor": self.factor}
        >>> float(Cubic(0.5)(deepkit.ops.array([1.0, -2.0])))
        4.5
    """

    def __call__(self, x: Any) -> Any:
        """The penalty of a tensor, a scalar; 0 unless a subclass says otherwise."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values; to be defined by subclasses.

        Raises:
            SerializationError: the subclass does not define it.
        """
        name = type(self).__name__
        raise SerializationError(
            f"{name} cannot be saved. Define `get_config(self)` on it, which returns what "
            f"`{name}.__init__` takes, as a dict of plain values."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A regularizer from what `get_config` returned."""
        return cls(**config)


def checked_factor(value: Any, argument: str) -> float:
    """A regularization factor as a float.

    Raises:
        ArgumentError: it is not a finite number of 0 or more.
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or value < 0:
        raise ArgumentError(
            f"Expected `{argument}` to be a finite number of 0 or more, received {value!r}."
        )
    return float(value)


def as_summable(x: Any) -> tuple[jax.Array, jnp.dtype]:
    """An array whose entries can be summed, float32 for half precision, and the result's dtype."""
    x = as_array(x)
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        x = x.astype(config.floatx())
    half = x.dtype in (jnp.float16, jnp.bfloat16)
    return (x.astype(jnp.float32) if half else x), x.dtype
