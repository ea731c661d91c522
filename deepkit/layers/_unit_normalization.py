"""UnitNormalization: vectors of length 1."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core.errors import ArgumentTypeError
from deepkit.layers._layer import Layer

# Below this square a vector counts as zero and stays as it is.
_SMALLEST_SQUARE = 1e-12


class UnitNormalization(Layer):
    """Scale the inputs so that their L2 norm along an axis is 1.

    Args:
        axis: the axis, or axes, that make a vector.

    Raises:
        ArgumentTypeError: `axis` is neither an integer nor a list of integers.

    Example:
        >>> import deepkit
        >>> y = deepkit.layers.UnitNormalization()(deepkit.ops.array([[3.0, 4.0]]))
        >>> [round(float(v), 2) for v in y[0]]
        [0.6, 0.8]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes = axis if isinstance(axis, list | tuple) else [axis]
        if not all(isinstance(a, int) and not isinstance(a, bool) for a in axes):
            raise ArgumentTypeError(
                f"Expected `axis` of the layer '{self.name}' to be an integer or a list of "
                f"integers, received {axis!r}."
            )
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        square = jnp.sum(inputs * inputs, axis=axis, keepdims=True)
        return inputs * jax.lax.rsqrt(jnp.maximum(square, _SMALLEST_SQUARE))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}
