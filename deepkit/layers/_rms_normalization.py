"""RMSNormalization: features of mean square 1 within each sample."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.layers._layer import Layer


class RMSNormalization(Layer):
    """Scale features to a mean square of 1 (Zhang & Sennrich, 2019, arXiv:1910.07467).

    `scale * x / sqrt(mean(x**2) + epsilon)`, with a learned `scale` for each feature.

    Args:
        axis: the axis, or axes, of the features.
        epsilon: added to the mean square.

    Example:
        >>> import deepkit
        >>> y = deepkit.layers.RMSNormalization()(deepkit.ops.array([[2.0, -2.0]]))
        >>> [round(float(v), 2) for v in y[0]]
        [1.0, -1.0]
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon
        self.supports_masking = True

    def _axes_in(self, rank: int) -> tuple[int, ...]:
        axes = self.axis if isinstance(self.axis, list | tuple) else [self.axis]
        return tuple(sorted(axis % rank for axis in axes))

    def build(self, input_shape: Any) -> None:
        shape = tuple(input_shape[axis] for axis in self._axes_in(len(input_shape)))
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", autocast=False)

    def call(self, inputs: Any) -> Any:
        x = inputs.astype(dtypes.result_type(inputs.dtype, "float32"))
        axes = self._axes_in(x.ndim)
        mean_square = jnp.mean(x * x, axis=axes, keepdims=True)
        shape = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
        scale = self.scale.value.astype(x.dtype).reshape(shape)
        outputs = x * jax.lax.rsqrt(mean_square + self.epsilon) * scale
        return outputs.astype(self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
