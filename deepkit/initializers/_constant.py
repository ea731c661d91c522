"""Initializers with fixed values."""

import math
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, serialization
from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.core.shapes import standardize_shape
from deepkit.tensors import as_array, suits_host

from ._base import Initializer


class Zeros(Initializer):
    """All values 0.

    Example:
        >>> import deepkit
        >>> deepkit.initializers.Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """Zeros of the given shape; `dtype` may be any numeric one or bool."""
        return _filled(shape, 0, dtype)


class Ones(Initializer):
    """All values 1.

    Example:
        >>> import deepkit
        >>> deepkit.initializers.Ones()((2,)).tolist()
        [1.0, 1.0]
    """

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """Ones of the given shape; `dtype` may be any numeric one or bool."""
        return _filled(shape, 1, dtype)


class Constant(Initializer):
    """One number everywhere, or a given array: pretrained embeddings, an output bias.

    Args:
        value: a number; or an array or nested list, whose shape must then be the weight's.

    Raises:
        ArgumentError: `value` holds no numbers.

    Example:
        >>> import deepkit
        >>> deepkit.initializers.Constant(0.5)((2,)).tolist()
        [0.5, 0.5]
    """

    def __init__(self, value: Any = 0.0) -> None:
        if np.asarray(value).dtype.kind in "OUSMm":
            raise ArgumentError(
                f"Expected `value` to be a number or an array of numbers, received {value!r}."
            )
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> jax.Array:
        """The value in the given shape.

        Raises:
            ShapeError: the value is an array of another shape.
        """
        shape = tuple(standardize_shape(shape))
        if isinstance(self.value, int | float):
            return _filled(shape, self.value, dtype)
        value = as_array(self.value, dtypes.canonicalize_dtype(dtype))
        if value.size != 1 and value.shape != shape:
            raise ShapeError(
                f"Expected an array of the weight's shape {shape} as its initial value, received "
                f"one of shape {value.shape}."
            )
        return jnp.broadcast_to(value if value.shape == shape else value.reshape(()), shape)

    def get_config(self) -> dict[str, Any]:
        """The value, an array as a plain dict."""
        return {"value": serialization.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer from what `get_config` returned."""
        return cls(serialization.deserialize_keras_object(config["value"]))


def _filled(shape: Any, value: float, dtype: Any) -> jax.Array:
    """One number everywhere; small arrays without a compiled program for their shape."""
    shape, dtype = tuple(shape), dtypes.canonicalize_dtype(dtype)
    if suits_host(math.prod(shape)):
        return jax.device_put(np.full(shape, value, dtype))
    return jnp.full(shape, value, dtype)
