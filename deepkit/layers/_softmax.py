"""Softmax: exponentials that sum to one, with a mask."""

from typing import Any

import jax.numpy as jnp

from deepkit.layers._layer import Layer
from deepkit.ops._softmax import softmax

# Finite, so that a row that is masked as a whole gives no NaN.
_FAR_BELOW = {"float16": -3e4}


class Softmax(Layer):
    """`exp(x) / sum(exp(x))` along an axis.

    Args:
        axis: the axis, or several.

    Call arguments:
        inputs: the logits.
        mask: booleans that broadcast to the inputs; where it is false the result is 0.

    Example:
        >>> import deepkit
        >>> deepkit.layers.Softmax()(deepkit.ops.array([0.0, 0.0])).tolist()
        [0.5, 0.5]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        axis = tuple(self.axis) if isinstance(self.axis, list | tuple) else self.axis
        if mask is None:
            return softmax(inputs, axis)
        mask = mask if mask.dtype == bool else mask > 0.5
        low = jnp.asarray(_FAR_BELOW.get(inputs.dtype.name, -1e9), inputs.dtype)
        outputs = softmax(jnp.where(mask, inputs, low), axis)
        return jnp.where(mask, outputs, jnp.zeros((), outputs.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}
