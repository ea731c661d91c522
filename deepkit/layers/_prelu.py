"""PReLU: a slope below zero that is learned."""

from typing import Any

import jax.numpy as jnp

from deepkit import constraints, initializers, regularizers
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._layer import Layer


class PReLU(Layer):
    """`x` above 0, `alpha * x` below, with a learned `alpha` (He et al., 2015, arXiv:1502.01852).

    Args:
        alpha_initializer: of the slopes.
        alpha_regularizer: a penalty on the slopes.
        alpha_constraint: applied to the slopes after each update.
        shared_axes: axes, counted from 1, along which the slope is the same.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.PReLU(alpha_initializer="ones")
        >>> layer(deepkit.ops.array([[-1.0, 2.0]])).tolist()
        [[-1.0, 2.0]]
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if isinstance(shared_axes, int):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape: Any) -> None:
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        shared = self.shared_axes or ()
        axes = {i: input_shape[i] for i in range(1, len(input_shape)) if i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        return jnp.maximum(inputs, 0) + self.alpha.value * jnp.minimum(inputs, 0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
