"""LayerNormalization: features of mean 0 and variance 1 within each sample."""

from typing import Any

import jax
import jax.numpy as jnp

from deepkit.core import dtypes
from deepkit.core.errors import ArgumentError
from deepkit.layers._normalization_weights import AffineNormalization


class LayerNormalization(AffineNormalization):
    """Bring the features of each sample to mean 0 and variance 1.

    (Ba et al., 2016, arXiv:1607.06450)

    `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with moments over `axis`.

    Args:
        axis: the axis, or axes, of the features.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether `gamma` is multiplied.
        beta_initializer: of `beta`.
        gamma_initializer: of `gamma`.
        beta_regularizer: a penalty on `beta`.
        gamma_regularizer: a penalty on `gamma`.
        beta_constraint: applied to `beta` after each update.
        gamma_constraint: applied to `gamma` after each update.

    Raises:
        ArgumentError: an axis is out of range.

    Example:
        >>> import deepkit
        >>> y = deepkit.layers.LayerNormalization()(deepkit.ops.array([[1.0, 3.0]]))
        >>> [round(float(v), 2) for v in y[0]]
        [-1.0, 1.0]
    """

    def build(self, input_shape: Any) -> None:
        axes = self._axes_in(len(input_shape))
        self._add_gamma_and_beta(tuple(input_shape[axis] for axis in axes))

    def call(self, inputs: Any) -> Any:
        x = inputs.astype(dtypes.result_type(inputs.dtype, "float32"))
        axes = tuple(self._axes_in(x.ndim))
        mean = jnp.mean(x, axis=axes, keepdims=True)
        centred = x - mean
        variance = jnp.mean(centred * centred, axis=axes, keepdims=True)
        outputs = centred * jax.lax.rsqrt(variance + self.epsilon)
        shape = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
        if self.gamma is not None:
            outputs = outputs * self.gamma.value.astype(x.dtype).reshape(shape)
        if self.beta is not None:
            outputs = outputs + self.beta.value.astype(x.dtype).reshape(shape)
        return outputs.astype(self.compute_dtype)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LayerNormalization":
        """A layer from what `get_config` returned.

        Raises:
            ArgumentError: the config asks for Keras's `rms_scaling`.
        """
        if config.get("rms_scaling"):
            raise ArgumentError(
                f"The layer '{config.get('name')}' (LayerNormalization) asks for `rms_scaling`, "
                f"which divides by the variance. Use `RMSNormalization`."
            )
        return cls(**{key: value for key, value in config.items() if key != "rms_scaling"})
